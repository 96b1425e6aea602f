"""Videos whose frames contain their own number as bits, above flat patches of color."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from support.media.sources import make
from support.reference.yuv import Bytes, Floats, planes_of

WIDTH, HEIGHT = 64, 48
PATCHES = ((224, 32, 32), (32, 192, 64), (32, 64, 224), (128, 128, 128))
"""Red, green and blue, from left to right, below the bits."""

_BITS, _BIT_HEIGHT = 8, 16


def make_numbered(path: Path, count: int, rate: Fraction, *coding: str, sound: str | None = None) -> None:
    """Write frames 0 to `count`, `rate` a second, by ffmpeg's options `coding`; `sound` is a source of lavfi."""
    raw = path.with_suffix(".yuv")
    raw.write_bytes(b"".join(plane.tobytes() for number in range(count) for plane in planes_of_number(number)))
    form = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{WIDTH}x{HEIGHT}")
    heard = () if sound is None else ("-f", "lavfi", "-i", sound)
    make(path, *form, "-framerate", str(rate), "-i", str(raw), *heard, *coding)
    raw.unlink()


def planes_of_number(number: int) -> list[Bytes]:
    """The planes of a frame, BT.709 in limited range."""
    picture = np.zeros((HEIGHT, WIDTH, 3))
    for bit in range(_BITS):
        picture[:_BIT_HEIGHT, bit * 8 : bit * 8 + 8] = number >> bit & 1
    for index, color in enumerate(PATCHES):
        picture[_BIT_HEIGHT:, index * 16 : index * 16 + 16] = np.array(color) / 255
    return [np.rint(plane).astype(np.uint8) for plane in planes_of(picture)]


def number_of(frame: Floats) -> int:
    """Read the number from a frame (height, width, 3)."""
    middles = frame[_BIT_HEIGHT // 2, 4::8, 1][:_BITS]
    return sum(1 << bit for bit, light in enumerate(middles) if light > 128)
