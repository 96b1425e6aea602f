"""Frames of a scene as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from ffmpeg_worker.canvas.scene import Scene


def draw_frames(
    scene: Scene,
    numbers: range,
    folder: Path,
    *,
    is_transparent: bool,
    threads: int,
    on_warning: Callable[[str], None],
) -> Iterator[bytes | memoryview]:
    """The frames of some numbers."""
    for n in numbers:
        size = scene.width * scene.height * (8 if is_transparent else 3) // 2
        yield np.full(size, n % 256, np.uint8).data


def draw_png(scene: Scene, number: int, folder: Path, *, on_warning: Callable[[str], None]) -> bytes:
    """One frame as PNG."""
    return cv2.imencode(".png", np.full((scene.height, scene.width, 3), number, np.uint8))[1].tobytes()
