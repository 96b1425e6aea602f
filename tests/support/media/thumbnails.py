"""Thumbnails of made-up scenes, as the first step of a VMAF comparison prints them."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from functools import cache

from ffmpeg_worker.planning.vmaf.frame_offset import CELLS

Frame = Sequence[float]


@cache
def scene(count: int, seed: int, step: float = 600.0) -> tuple[Frame, ...]:
    """Frames of gray cells whose brightness changes independently."""
    chance = random.Random(seed)
    cells = [chance.uniform(15000, 45000) for _ in range(CELLS)]
    frames: list[Frame] = []
    for _ in range(count):
        cells = [min(60000.0, max(4000.0, cell + chance.gauss(0, step))) for cell in cells]
        frames.append(cells)
    return tuple(frames)


def signatures(
    frames: Sequence[Frame], *, gain: float = 1.0, lift: float = 0.0, noise: float = 0.0, seed: int = 0
) -> bytes:
    """The scene in 16-bit gray, with changed contrast and brightness and with noise if given."""
    chance = random.Random(seed)
    cells = [cell * gain + lift for frame in frames for cell in frame]
    if noise:
        cells = [cell + chance.gauss(0, noise) for cell in cells]
    samples = [min(65535, max(0, round(cell))) for cell in cells]
    return struct.pack(f"<{len(samples)}H", *samples)
