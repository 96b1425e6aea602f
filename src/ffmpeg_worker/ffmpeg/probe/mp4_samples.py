"""Reads the table of samples (`stbl`) of a track of an MP4 file, ISO/IEC 14496-12, 8.5 to 8.7."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add, sub

from ffmpeg_worker.ffmpeg.probe.mp4_boxes import Mp4File, UnusualFile, read_boxes, split_boxes

_OTHERS = frozenset({b"stss", b"ctts", b"stco", b"co64", b"sgpd", b"sbgp"})
_ONE_ENTRY = b"\0\0\0\0\0\0\0\1"
_MAX_EQUAL = 1 << 12
"""Samples of equal size, for which the table has one number."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a track.

    Attributes:
        entry: the kind and the content of its only description.
        count: of samples.
        ticks: their length together.
        step: the length of each in ticks; `None` if they differ.
        first_offset: ticks between the times of decoding and showing of the first sample.
    """

    entry: tuple[bytes, bytes]
    count: int
    ticks: int
    step: int | None
    first_offset: int


def read_samples(content: bytes, file: Mp4File) -> Samples:
    """Read a table, and check that it fits together and that the samples are in the file.

    Raises:
        UnusualFile, struct.error: see `mp4_boxes`.
    """
    table = read_boxes(content, {b"stsd", b"stts", b"stsc", b"stsz"}, _OTHERS)
    [entry] = split_boxes(table[b"stsd"][8:])
    counts, steps = _columns(table[b"stts"], 2)
    sizes = _read_sizes(table[b"stsz"])
    counted, offsets = _columns(table[b"ctts"], 2) if b"ctts" in table else ([len(sizes)], [0])
    is_whole = sum(counts) == sum(counted) == len(sizes) and all(counts) and all(steps) and all(sizes)
    if b"stss" in table:
        _columns(table[b"stss"], 1)
    if table[b"stsd"][:8] != _ONE_ENTRY or not is_whole or max(offsets) >= 1 << 31:
        raise UnusualFile
    _check_places(_read_places(table), _columns(table[b"stsc"], 3), sizes, file)
    ticks = sum(count * step for count, step in zip(counts, steps, strict=True))
    return Samples(entry, len(sizes), ticks, steps[0] if len(steps) == 1 else None, offsets[0])


def _columns(box: bytes, width: int) -> list[Sequence[int]]:
    """Return the columns of a box with a count of rows, whose numbers have 32 bits each."""
    flags, count = struct.unpack_from(">II", box)
    if flags or count == 0 or len(box) != 8 + 4 * width * count:
        raise UnusualFile
    numbers = struct.unpack_from(f">{width * count}I", box, 8)
    return [numbers[column::width] for column in range(width)]


def _read_sizes(box: bytes) -> Sequence[int]:
    flags, each, count = struct.unpack_from(">III", box)
    if flags == 0 and each and len(box) == 12 and count <= _MAX_EQUAL:
        return [each] * count
    if flags or each or count == 0 or len(box) != 12 + 4 * count:
        raise UnusualFile
    return struct.unpack_from(f">{count}I", box, 12)


def _read_places(table: Mapping[bytes, bytes]) -> Sequence[int]:
    """Return where the chunks begin."""
    if (b"stco" in table) == (b"co64" in table):
        raise UnusualFile
    if b"stco" in table:
        return _columns(table[b"stco"], 1)[0]
    high, low = _columns(table[b"co64"], 2)
    return [first << 32 | second for first, second in zip(high, low, strict=True)]


def _check_places(
    places: Sequence[int], runs: Sequence[Sequence[int]], sizes: Sequence[int], file: Mp4File
) -> None:
    """Check that every chunk lies in the data; `runs` are the columns of `stsc`."""
    firsts, lengths, descriptions = runs
    if firsts[0] != 1 or set(descriptions) != {1} or not all(lengths) or min(places) < file.data.start:
        raise UnusualFile
    ends = [0, *accumulate(sizes)]
    at = 0
    for first, next_first, length in zip(firsts, (*firsts[1:], len(places) + 1), lengths, strict=True):
        last = at + length * (next_first - first)
        if not first < next_first <= len(places) + 1 or last > len(sizes):
            raise UnusualFile
        bounds = ends[at : last + 1 : length]
        chunk_sizes = map(sub, bounds[1:], bounds)
        if max(map(add, places[first - 1 : next_first - 1], chunk_sizes)) > file.data.stop:
            raise UnusualFile
        at = last
    if at != len(sizes):
        raise UnusualFile
