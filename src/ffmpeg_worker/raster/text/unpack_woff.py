"""Fonts as the web packs them, WOFF and WOFF2, unpacked into what HarfBuzz reads."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import brotli
from fontTools.ttLib.sfnt import SFNTReader, SFNTWriter
from fontTools.ttLib.woff2 import WOFF2DirectoryEntry, WOFF2Reader

MAX_BYTES = 64 << 20
"""Of a packed file, and of the font in it; one with all of Chinese, Japanese and Korean has a quarter of it."""

_WOFF2 = b"wOF2"
# Where a header says where metadata and private data lie.
_ASIDES = {b"wOFF": slice(24, 44), _WOFF2: slice(28, 48)}
_WOFF2_HEADER = 48
_STEP = 1 << 20
# How many glyphs, and how many bytes say how many points contours have, and of what glyphs are composed.
_OUTLINES = struct.Struct(">4xH6xI8xI8x")
# Pixels; most of a minute. A font of 20,000 glyphs in 7 MB is a quarter of it.
_MOST_COPIED = 1 << 39


def read_packed(path: Path) -> bytes | None:
    """The OpenType font that is packed in a file; `None` where the file is not a packed one.

    Raises:
        ValueError: it is damaged, or holds more than `MAX_BYTES`; OSError: it cannot be read.
    """
    with path.open("rb") as file:
        form = file.read(4)
        if form not in _ASIDES:
            return None
        _demand_room(path.stat().st_size)
        packed = bytearray(form + file.read())
    # Nobody needs them, and fontTools would unpack metadata of any size.
    packed[_ASIDES[form]] = bytes(20)
    try:
        return _unpack_woff2(bytes(packed)) if form == _WOFF2 else _unpack_woff(bytes(packed))
    except (MemoryError, ValueError):
        raise
    except Exception as error:
        # fontTools takes much of a file at its word: what is wrong shows as an error of any kind.
        raise ValueError(f"the packed font is damaged: {error!r}") from error


def _unpack_woff(packed: bytes) -> bytes:
    reader = SFNTReader(io.BytesIO(packed))
    _demand_room(sum(entry.origLength for entry in reader.tables.values()))
    return _as_file(reader, ((tag, _inflate(packed, entry)) for tag, entry in reader.tables.items()))


def _inflate(packed: bytes, entry: Any) -> bytes:
    """A table. fontTools would unpack all that is there, and look at its size then."""
    table = packed[entry.offset : entry.offset + entry.length]
    is_whole = len(table) == entry.length
    if entry.length < entry.origLength:
        table = zlib.decompressobj().decompress(table, entry.origLength)
    if not is_whole or len(table) != entry.origLength:
        raise ValueError(f"the table {entry.tag} is damaged")
    return table


def _unpack_woff2(packed: bytes) -> bytes:
    _demand_honest(packed)
    reader = WOFF2Reader(io.BytesIO(packed))
    _demand_quick(reader)
    return _as_file(reader, ((tag, reader[tag]) for tag in reader.tables))


def _demand_honest(packed: bytes) -> None:
    """Raise ValueError where the one stream of all tables is not as long as the directory says, or too long.

    fontTools unpacks it at once, and looks at its size then. So it is unpacked here before, a piece at a time.
    """
    file = io.BytesIO(packed)
    file.seek(_WOFF2_HEADER)
    declared = 0
    for _ in range(int.from_bytes(packed[12:14])):
        entry = WOFF2DirectoryEntry()
        entry.fromFile(file)
        declared += entry.length
        _demand_room(declared)
    stream = file.read(int.from_bytes(packed[20:24]))
    decoder, size = brotli.Decompressor(), 0
    while piece := decoder.process(stream, output_buffer_limit=_STEP):
        size += len(piece)
        stream = b""
        if size > declared:
            break
    if size != declared:
        raise ValueError("the packed font is not as long as it says")


def _demand_quick(reader: Any) -> None:
    """Raise ValueError where outlines would take minutes to put together, as those of few bytes can.

    For every glyph, contour and component fontTools copies what is left of the outlines.
    """
    entry = reader.tables.get("glyf")
    if entry is None or not entry.transformed:
        return
    header = reader.transformBuffer.getvalue()[entry.offset : entry.offset + _OUTLINES.size]
    glyphs, contours, composites = _OUTLINES.unpack(header)
    if glyphs * entry.length + contours**2 + composites**2 > _MOST_COPIED:
        raise ValueError("the packed font has too many outlines")


def _as_file(reader: Any, tables: Iterable[tuple[str, bytes]]) -> bytes:
    file, size = io.BytesIO(), 0
    writer = SFNTWriter(file, len(reader.tables), reader.sfntVersion)
    for tag, table in tables:
        size += len(table)
        _demand_room(size)
        writer[tag] = table
    writer.close()
    return file.getvalue()


def _demand_room(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"the packed font has more than {MAX_BYTES >> 20} MiB")
