"""Reads the boxes of an MP4 file (ISO/IEC 14496-12) that is complete and has its index in one box `moov`."""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
IDENTITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The matrix of pictures that are neither rotated nor mirrored (ISO/IEC 14496-12, 8.2.2)."""
_MAX_TOP_BOXES = 16
_MAX_INDEX_BYTES = 64 << 10
"""The index of a minute or two. It is read on the event loop, in at most two milliseconds."""
_OTHER_TOP_BOXES = frozenset({b"ftyp", b"free", b"skip", b"wide"})


class UnusualFile(ValueError):
    """The file is not of the kind that is read here; it may be good all the same."""


@dataclass(frozen=True, slots=True)
class Mp4File:
    """The content of `moov`, where that of `mdat` is, and the size of the file in bytes."""

    index: bytes
    data: range
    size: int


def read_mp4(descriptor: int) -> Mp4File:
    """Read the index of a file.

    Raises:
        OSError: the file cannot be read.
        UnusualFile, ValueError: it is cut, fragmented, of another kind, or its index has more than 64 KiB.
    """
    size = os.fstat(descriptor).st_size
    found: dict[bytes, list[range]] = {b"moov": [], b"mdat": []}
    for number, (kind, content) in enumerate(_top_boxes(descriptor, size)):
        if number >= _MAX_TOP_BOXES or (kind == b"ftyp") != (number == 0):
            raise UnusualFile
        if kind in found:
            found[kind].append(content)
        elif kind not in _OTHER_TOP_BOXES:
            raise UnusualFile
    [index], [data] = found[b"moov"], found[b"mdat"]
    if len(index) > _MAX_INDEX_BYTES:
        raise UnusualFile
    return Mp4File(os.pread(descriptor, len(index), index.start), data, size)


def _top_boxes(descriptor: int, size: int) -> Iterator[tuple[bytes, range]]:
    """Yield the kind of each box, and where its content is."""
    at = 0
    while at < size:
        head = os.pread(descriptor, 16, at)
        length, kind = _HEAD.unpack_from(head)
        begin = at + 8
        if length == 1:
            (length,), begin = _LARGE.unpack_from(head, 8), at + 16
        if length < begin - at or at + length > size:
            raise UnusualFile
        yield kind, range(begin, at + length)
        at += length


def split_boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of each box.

    Raises:
        UnusualFile: the boxes do not fill the content.
    """
    at = 0
    while at < len(content):
        if at + 8 > len(content):
            raise UnusualFile
        length, kind = _HEAD.unpack_from(content, at)
        if length < 8 or at + length > len(content):
            raise UnusualFile
        yield kind, content[at + 8 : at + length]
        at += length


def read_boxes(content: bytes, needed: Collection[bytes], others: Collection[bytes] = ()) -> Mapping[bytes, bytes]:
    """Return the content of boxes by their kinds, each of which may be there once.

    Raises:
        UnusualFile: one that is `needed` is missing, or there is one that is neither that nor among `others`.
    """
    boxes: dict[bytes, bytes] = {}
    for kind, inner in split_boxes(content):
        if kind in boxes or (kind not in needed and kind not in others):
            raise UnusualFile
        boxes[kind] = inner
    if not boxes.keys() >= set(needed):
        raise UnusualFile
    return boxes
