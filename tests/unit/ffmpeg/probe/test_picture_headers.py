"""Headers of animated WebP and of JPEG XL."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from ffmpeg_worker.ffmpeg.probe.picture_headers import PictureHeader, read_picture_header


def chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def frame(duration_ms: int, size: int = 3) -> bytes:
    return chunk(b"ANMF", bytes(12) + duration_ms.to_bytes(3, "little") + b"\0" + b"x" * size)


def webp(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def canvas(width: int, height: int) -> bytes:
    return chunk(b"VP8X", b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def read(folder: Path, content: bytes) -> PictureHeader | None:
    (folder / "x").write_bytes(content)
    return read_picture_header(folder / "x")


def test_an_animation_has_a_size_frames_and_a_length(tmp_path: Path) -> None:
    content = webp(canvas(160, 90), chunk(b"ANIM", bytes(6)), frame(200), frame(200, size=4), frame(40), frame(0))
    found = read(tmp_path, content)
    assert found == PictureHeader(160, 90, 4, 440)
    assert found.frame_rate == Fraction(100, 11)


def test_the_largest_canvas(tmp_path: Path) -> None:
    found = read(tmp_path, webp(canvas(1 << 24, 1 << 24), frame(0)))
    assert found == PictureHeader(1 << 24, 1 << 24, 1, 0)
    assert found.frame_rate is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        webp(),
        webp(canvas(8, 8)),
        webp(frame(10)),
        webp(chunk(b"VP8 ", b"still")),
        webp(canvas(8, 8))[:-4],
        b"\xff\x0a",
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\0free" + bytes(20),
        b"\0\0\0\x0cJXL \r\n\x87\n" + struct.pack(">I4s", 1 << 31, b"Exif") + bytes(20),
    ],
)
def test_other_and_damaged_files(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) is None


def pack(*fields: tuple[int, int]) -> bytes:
    """Bits from the lowest of the first byte: values with their numbers of bits."""
    value = position = 0
    for number, count in fields:
        value |= number << position
        position += count
    return b"\xff\x0a" + value.to_bytes((position + 7) // 8, "little")


PLAIN = (1, 1)
TURNED = ((0, 1), (1, 1), (5, 3))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (pack((1, 1), (12, 5), (0, 3), (19, 5), PLAIN), (160, 104)),
        (pack((1, 1), (12, 5), (1, 3), PLAIN), (104, 104)),
        (pack((0, 1), (0, 2), (89, 9), (5, 3), PLAIN), (160, 90)),
        (pack((0, 1), (1, 2), (2159, 13), (0, 3), (1, 2), (3839, 13), PLAIN), (3840, 2160)),
        (pack((0, 1), (2, 2), (99_999, 18), (7, 3), PLAIN), (200_000, 100_000)),
        (pack((0, 1), (0, 2), (89, 9), (5, 3), *TURNED), (90, 160)),
        (pack((0, 1), (0, 2), (89, 9), (5, 3), (0, 1), (1, 1), (1, 3)), (160, 90)),
    ],
)
def test_jpeg_xl(tmp_path: Path, content: bytes, size: tuple[int, int]) -> None:
    assert read(tmp_path, content + bytes(4)) == PictureHeader(*size)
    box = b"\0\0\0\x0cJXL \r\n\x87\n" + struct.pack(">I4s4s", 12, b"ftyp", b"jxl ")
    whole = struct.pack(">I4s", 0, b"jxlc") + content + bytes(8)
    part = struct.pack(">I4sQ", 1, b"jxlp", 40) + bytes(4) + content + bytes(16)
    assert read(tmp_path, box + whole) == PictureHeader(*size)
    assert read(tmp_path, box + part) == PictureHeader(*size)


def test_the_time_does_not_grow_with_chunks_that_lead_nowhere(tmp_path: Path) -> None:
    assert read(tmp_path, webp(canvas(8, 8), chunk(b"junk", b"") * 1000, frame(7))) == PictureHeader(8, 8, 1, 7)
