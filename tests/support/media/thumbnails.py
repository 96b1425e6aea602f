"""Thumbnails of made-up scenes, as the scoring step of a comparison writes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from ffmpeg_worker.planning.vmaf.thumbnail_format import CELLS, SIDE
from ffmpeg_worker.planning.vmaf.thumbnails import Floats, Numbers, Thumbnails


@cache
def moving_scene(count: int, seed: int = 0, speed: float = 0.4) -> Floats:
    """Frames of a picture with details of all sizes that moves along a bent path, `speed` cells a frame."""
    chance = np.random.default_rng(seed)
    places = np.linspace(0, 2 * np.pi, SIDE, endpoint=False)
    across, down = np.meshgrid(places, places)
    waves = [
        (chance.integers(1, 6), chance.integers(-5, 6), chance.uniform(0, 6.3), chance.uniform(4, 16))
        for _ in range(14)
    ]
    frames = []
    for number in range(count):
        x = speed * number * 2 * np.pi / SIDE
        y = 0.6 * np.sin(number / 17)
        picture = sum(size * np.sin(a * (across + x) + b * (down + y) + phase) for a, b, phase, size in waves)
        frames.append(np.asarray(picture).ravel())
    return np.stack(frames).astype(np.float32) + 128


def thumbnails(frames: Floats, *, noise: float = 0.0, seed: int = 1, times: Numbers | None = None) -> Thumbnails:
    """Frames as thumbnails, four ticks apart, with the noise of a codec if given."""
    noisy = frames + np.random.default_rng(seed).normal(0, noise, frames.shape) if noise else frames
    pixels = np.rint(np.clip(noisy, 0, 255)).astype(np.uint8).reshape(-1, CELLS)
    return Thumbnails(pixels, np.arange(len(pixels)) * 4 if times is None else times)


def as_files(frames: Floats, name: str) -> dict[str, bytes]:
    """The files of the scoring step for one video."""
    video = thumbnails(frames)
    lines = [f"0, {time}, {time}, 4, {CELLS}, 0x0" for time in video.times]
    return {f"{name}.gray": video.pixels.tobytes(), f"{name}.times": "\n".join(["#tb 0: 1/100", *lines]).encode()}


def squares(frames: Floats) -> Floats:
    """Frames as squares: frame, line, column."""
    return frames.reshape(-1, SIDE, SIDE)


def rows(frames: Floats) -> Floats:
    """Squares as rows."""
    return frames.reshape(-1, CELLS)


def without(frames: Floats, numbers: Sequence[int]) -> Floats:
    """Frames without some."""
    return np.delete(frames, list(numbers), 0)
