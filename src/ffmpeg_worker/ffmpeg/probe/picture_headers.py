"""Reads the headers of pictures that PyAV's FFmpeg opens but cannot describe: animated WebP and JPEG XL.

Formats: https://developers.google.com/speed/webp/docs/riff_container and ISO/IEC 18181 (JPEG XL).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.sandbox.ticket import Ticket

_MAX_CHUNKS = 200_000
"""A reader that stops here has still read the size; the rest of such an animation is not counted."""
_MAX_BOXES = 64
_JXL_SIGNATURE = b"\xff\x0a"
_JXL_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_JXL_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_JXL_SIZE_BITS = (9, 13, 18, 30)
_MAX_JXL_HEADER = 32
_TURNED = 5
"""From this Exif orientation on, width and height are exchanged."""


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """The size in pixels; frames and milliseconds of an animation whose frames were counted."""

    width: int
    height: int
    frames: int | None = None
    duration_ms: int | None = None

    @property
    def frame_rate(self) -> Fraction | None:
        """Frames per second on average."""
        if not self.frames or not self.duration_ms:
            return None
        return Fraction(self.frames * 1000, self.duration_ms).limit_denominator(1001)


def read_picture_header(file: Path | Ticket) -> PictureHeader | None:
    """Read the header of a WebP animation or a JPEG XL picture; `None` for other or damaged files."""
    try:
        with file.open("rb") as opened:
            head = opened.read(12)
            if head[:4] == b"RIFF" and head[8:] == b"WEBP":
                return _read_webp(opened)
            if head == _JXL_CONTAINER:
                return _find_codestream(opened)
            if head.startswith(_JXL_SIGNATURE):
                return _read_codestream(head + opened.read(_MAX_JXL_HEADER))
    except (OSError, IndexError, struct.error):
        pass
    return None


def _read_webp(opened: BinaryIO) -> PictureHeader | None:
    """The canvas of `VP8X`, and the frames of `ANMF` with their lengths."""
    size: tuple[int, int] | None = None
    frames = duration_ms = 0
    for name, payload in _chunks(opened):
        if name == b"VP8X" and size is None:
            size = 1 + int.from_bytes(payload[4:7], "little"), 1 + int.from_bytes(payload[7:10], "little")
        elif name == b"ANMF":
            frames += 1
            duration_ms += int.from_bytes(payload[12:15], "little")
    if size is None or frames == 0:
        return None
    return PictureHeader(*size, frames, duration_ms)


def _chunks(opened: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Names and first bytes of the chunks after the head of a RIFF file."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        opened.seek(position)
        head = opened.read(24)
        if len(head) < 8:
            return
        length = int.from_bytes(head[4:8], "little")
        yield head[:4], head[8:]
        position += 8 + length + length % 2


def _find_codestream(opened: BinaryIO) -> PictureHeader | None:
    """The header in the first box of a container that has a part of the codestream."""
    position = len(_JXL_CONTAINER)
    for _ in range(_MAX_BOXES):
        opened.seek(position)
        head = opened.read(16)
        length, name = struct.unpack_from(">I4s", head)
        start = position + (16 if length == 1 else 8)
        if name in {b"jxlc", b"jxlp"}:
            opened.seek(start + (4 if name == b"jxlp" else 0))  # parts have a number
            return _read_codestream(opened.read(_MAX_JXL_HEADER))
        length = int.from_bytes(head[8:16]) if length == 1 else length
        if length < 8:
            return None
        position += length
    return None


def _read_codestream(content: bytes) -> PictureHeader | None:
    if not content.startswith(_JXL_SIGNATURE):
        return None
    bits = _Bits(content[2:])
    is_small = bits.read(1) == 1
    height = _read_side(bits, is_small=is_small)
    ratio = _JXL_RATIOS[bits.read(3)]
    width = _read_side(bits, is_small=is_small) if ratio is None else height * ratio[0] // ratio[1]
    has_defaults = bits.read(1) == 1
    orientation = bits.read(3) + 1 if not has_defaults and bits.read(1) == 1 else 1
    return PictureHeader(height, width) if orientation >= _TURNED else PictureHeader(width, height)


def _read_side(bits: _Bits, *, is_small: bool) -> int:
    return (bits.read(5) + 1) * 8 if is_small else bits.read(_JXL_SIZE_BITS[bits.read(2)]) + 1


class _Bits:
    """The bits of some bytes, from the lowest of the first byte."""

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content, "little")
        self._left = 8 * len(content)

    def read(self, count: int) -> int:
        """Read the next bits as a number.

        Raises:
            IndexError: there are not so many.
        """
        if count > self._left:
            raise IndexError(count)
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return found
