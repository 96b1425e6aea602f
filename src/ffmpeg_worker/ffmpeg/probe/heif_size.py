"""Reads the size of the picture in a HEIF file (HEIC, AVIF), whose streams may be tiles or thumbnails of it.

The boxes are those of ISO/IEC 14496-12 and 23008-12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.sandbox.ticket import Ticket

_BRANDS = frozenset(
    {b"mif1", b"msf1", b"mif2", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"avif", b"avis"}
)
_MAX_BRANDS_BYTES = 1024
_MAX_META_BYTES = 4 << 20
_MAX_TOP_BOXES = 32
"""The descriptions of pictures come before their data."""


def read_heif_size(path: Path | Ticket) -> tuple[int, int] | None:
    """Return width and height of the primary picture as displayed; `None` if the file is not HEIF or damaged."""
    try:
        with path.open("rb") as file:
            meta = _find_meta(file)
        return None if meta is None else _read_size(meta)
    except (OSError, ValueError, IndexError, struct.error, ZeroDivisionError):
        return None


def _find_meta(file: BinaryIO) -> bytes | None:
    """Return the content of the box `meta` of a HEIF file."""
    for number in range(_MAX_TOP_BOXES):
        head = file.read(8)
        if len(head) < 8:
            return None
        length, kind = struct.unpack(">I4s", head)
        left = length - 8
        if length == 1:
            left = struct.unpack(">Q", file.read(8))[0] - 16
        if left < 0 or (kind == b"ftyp") != (number == 0):
            return None
        if kind == b"ftyp":
            brands = file.read(left) if left <= _MAX_BRANDS_BYTES else b""
            names = {brands[:4], *(brands[at : at + 4] for at in range(8, len(brands), 4))}
            if not names & _BRANDS:
                return None
        elif kind == b"meta":
            return file.read(left) if left <= _MAX_META_BYTES else None
        else:
            file.seek(left, 1)
    return None


def _read_size(meta: bytes) -> tuple[int, int] | None:
    boxes = dict(_boxes(meta[4:]))
    primary = boxes.get(b"pitm", b"")
    item = int.from_bytes(primary[4:6] if primary[:1] == b"\0" else primary[4:8], "big")
    properties = dict(_boxes(boxes.get(b"iprp", b"")))
    known = [*_boxes(properties.get(b"ipco", b""))]
    size: tuple[int, int] | None = None
    for index in _property_indexes(properties.get(b"ipma", b""), item):
        kind, content = known[index - 1] if 0 < index <= len(known) else (b"", b"")
        if kind == b"ispe":
            width, height = struct.unpack(">II", content[4:12])
            size = (width, height)
        elif kind == b"clap" and size:
            across, part_x, down, part_y = struct.unpack(">IIII", content[:16])
            size = (across // part_x, down // part_y)
        elif kind == b"irot" and size and content[0] & 1:
            size = size[::-1]
    return size if size and min(size) > 0 else None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of each box."""
    at = 0
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        begin = at + 8
        if length == 1:
            length, begin = struct.unpack_from(">Q", content, begin)[0], begin + 8
        end = len(content) if length == 0 else at + length
        if end < begin:
            return
        yield kind, content[begin:end]
        at = end


def _property_indexes(ipma: bytes, item: int) -> list[int]:
    """Return the numbers of the properties of an item, from 1, in the order in which they apply."""
    version, is_long, count = ipma[0], ipma[3] & 1, int.from_bytes(ipma[4:8], "big")
    id_length, index_length = 2 if version < 1 else 4, 2 if is_long else 1
    at = 8
    for _ in range(min(count, len(ipma))):
        number, at = int.from_bytes(ipma[at : at + id_length], "big"), at + id_length
        associated, at = ipma[at], at + 1
        end = at + associated * index_length
        if number == item:
            # The highest bit says whether readers must know the property.
            mask = (1 << (index_length * 8 - 1)) - 1
            return [
                int.from_bytes(ipma[place : place + index_length], "big") & mask
                for place in range(at, end, index_length)
            ]
        at = end
    return []
