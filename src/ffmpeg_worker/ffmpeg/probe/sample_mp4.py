"""A tiny plain MP4 file, made without libav: children of the probe programs describe it to get ready.

After a fork a child shares all pages with its program. Those that describing a file writes to are copied, which
takes longer than all else. An idle child does that before it has a job.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ffmpeg_worker.ffmpeg.probe.mp4_boxes import IDENTITY

_SIDE = 64
_TICKS_PER_S = 25
_SEQUENCE = bytes.fromhex("6742c00ada1099")
"""Sequence parameters of H.264: Baseline, 64x64, progressive."""
_PICTURE = bytes.fromhex("68ce3880")
_SAMPLE = bytes.fromhex("0000000565888400" + "10")
"""The length and the beginning of a key frame; nobody decodes it."""


def make_sample_mp4() -> bytes:
    """Make a file of one frame; the boxes are those of ISO/IEC 14496-12 and -15."""
    head = _box(b"ftyp", b"isom", b"\0\0\2\0", b"isom", b"avc1")
    start = len(head) + 8
    return head + _box(b"mdat", _SAMPLE) + _box(b"moov", _make_movie_header(), _box(b"trak", *_make_track(start)))


def get_ready(describe: Callable[[str], object]) -> None:
    """Let `describe` read the sample by its path; that it cannot be read makes the next files slower only."""
    if sys.platform == "linux":
        with suppress(OSError, ValueError), _sample_path() as path:
            describe(path)


@contextmanager
def _sample_path() -> Iterator[str]:
    file = os.memfd_create("sample")
    try:
        os.write(file, _FILE)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)


def _box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return struct.pack(">I4s", 8 + len(inner), kind) + inner


def _numbers(*numbers: int) -> bytes:
    """Numbers of 32 bits; the first are the version and the flags of a box."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def _make_movie_header() -> bytes:
    times = _numbers(0, 0, 0, _TICKS_PER_S, 1)
    return _box(b"mvhd", times, b"\0\1\0\0\1\0", bytes(10), IDENTITY, bytes(24), _numbers(2))


def _make_track(start: int) -> tuple[bytes, ...]:
    """The boxes of the track, whose frame begins at byte `start`."""
    size = _numbers(_SIDE << 16, _SIDE << 16)
    header = _box(b"tkhd", _numbers(3, 0, 0, 1, 0, 1), bytes(16), IDENTITY, size)
    edit = _box(b"edts", _box(b"elst", _numbers(0, 1, 1, 0, 0x10000)))
    clock = _box(b"mdhd", _numbers(0, 0, 0, _TICKS_PER_S, 1), b"\x55\xc4\0\0")
    kind = _box(b"hdlr", bytes(8), b"vide", bytes(13))
    place = _box(b"dinf", _box(b"dref", _numbers(0, 1), _box(b"url ", _numbers(1))))
    inner = _box(b"minf", _box(b"vmhd", _numbers(1), bytes(8)), place, _box(b"stbl", *_make_table(start)))
    return header, edit, _box(b"mdia", clock, kind, inner)


def _make_table(start: int) -> tuple[bytes, ...]:
    codec = _box(
        b"avcC",
        b"\1" + _SEQUENCE[1:4] + b"\xff\xe1",
        struct.pack(">H", len(_SEQUENCE)) + _SEQUENCE,
        struct.pack(">BH", 1, len(_PICTURE)) + _PICTURE,
    )
    size = struct.pack(">HHII", _SIDE, _SIDE, 0x480000, 0x480000)
    entry = _box(
        b"avc1", bytes(7) + b"\1", bytes(16), size, bytes(4), b"\0\1", bytes(32), b"\0\x18\xff\xff", codec
    )
    return (
        _box(b"stsd", _numbers(0, 1), entry),
        _box(b"stts", _numbers(0, 1, 1, 1)),
        _box(b"stsc", _numbers(0, 1, 1, 1, 1)),
        _box(b"stsz", _numbers(0, 0, 1, len(_SAMPLE))),
        _box(b"stco", _numbers(0, 1, start)),
    )


_FILE = make_sample_mp4()
