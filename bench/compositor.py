"""Measures the time to draw a frame for each kind of layer, with sources made of arrays."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from bench.table import median, table
from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.scene.content import ImageContent, VideoContent
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Element, Scene, Transition

SIZES = ((1280, 720), (1920, 1080))
FRAMES = 60
_VIDEO = VideoContent("clip", (2, 2), 0, 10)
_IMAGE = ImageContent("photo")


class ArraySource:
    """A `Source` of bitmaps that change at each frame, or of one bitmap."""

    def __init__(self, bitmaps: list[Bitmap]) -> None:
        self._bitmaps = bitmaps

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._bitmaps[0].size

    def render(self, time_s: float) -> Bitmap:
        """Return the next of the bitmaps, in a loop; a new object each time, as decoders do."""
        if len(self._bitmaps) == 1:
            return self._bitmaps[0]
        bitmap = self._bitmaps[round(time_s * 30) % len(self._bitmaps)]
        return (
            YuvBitmap(bitmap.y, bitmap.u, bitmap.v) if isinstance(bitmap, YuvBitmap) else RgbaBitmap(bitmap.rgba)
        )

    def close(self) -> None:
        """Do nothing: nothing is open."""


def noise_bitmap(size: tuple[int, int], seed: int) -> YuvBitmap:
    """Return a bitmap of noise."""
    noise = np.random.default_rng(seed)

    def plane(step: int) -> Pixels:
        return noise.integers(16, 236, (size[1] // step, size[0] // step), np.uint8)

    return YuvBitmap(plane(1), plane(2), plane(2))


def ellipse_bitmap(size: tuple[int, int]) -> RgbaBitmap:
    """Return a half-transparent ellipse."""
    rgba = np.zeros((size[1], size[0], 4), np.uint8)
    middle = (size[0] // 2, size[1] // 2)
    cv2.ellipse(rgba, (middle, (size[0] - 4, size[1] - 4), 0), (120, 60, 20, 140), -1, cv2.LINE_AA)
    return RgbaBitmap(rgba)


def _curve(*values: float) -> Curve:
    return Curve(tuple(Key(FRAMES / 30 * i / (len(values) - 1), (value,)) for i, value in enumerate(values)))


def _scenes(width: int, height: int) -> dict[str, tuple[Element, ...]]:
    """Return the elements of each case; their `where` names what they show."""

    def on(where: str, content: VideoContent | ImageContent = _IMAGE, **more: Any) -> Element:
        known: dict[str, Any] = {"x": 0.0, "y": 0.0, **more}
        return Element(where, 0, FRAMES, content, **known)

    clip = on("video", _VIDEO)
    middle: dict[str, Any] = {"anchor": (0.5, 0.5), "x": width / 2, "y": height / 2}
    other = on("video 2", _VIDEO, replaces=0, enter=Transition("fade", FRAMES))
    wiped = on("video 2", _VIDEO, replaces=0, enter=Transition("circle-open", FRAMES))
    return {
        "pass through": (clip,),
        "logo 300x200, still": (clip, on("logo", x=41.0, y=33.0)),
        "logo 300x200, fading": (clip, on("logo", x=41.0, y=33.0, opacity=_curve(0, 1))),
        "title 800x120, subpixel motion": (clip, on("title", x=_curve(10, 70.3), y=99.4)),
        "clip 400x224, round corners, moving": (
            clip,
            on("inset", _VIDEO, x=_curve(10, 70.3), y=51.0, radius=24.0),
        ),
        "clip 400x224, rotating": (clip, on("inset", _VIDEO, rotation=_curve(0, 90), **middle)),
        "clip blended, multiply": (clip, on("video 2", _VIDEO, blend="multiply")),
        "clip blended, soft-light": (clip, on("video 2", _VIDEO, blend="soft-light")),
        "clip fading in": (on("video", _VIDEO, opacity=_curve(0, 1)),),
        "crossfade": (clip, other),
        "circleopen": (clip, wiped),
        "Ken Burns": (on("photo", scale=_curve(1, 1.2), width=width, height=height, **middle),),
        "logo 300x200, multiply": (clip, on("logo", x=41.0, y=33.0, blend="multiply")),
        "clip blurred": (on("video", _VIDEO, blur=12.0),),
        "60 layers, one shown": (
            clip,
            *(Element("logo", FRAMES + i, FRAMES + i + 9, _IMAGE, 0, 0) for i in range(59)),
        ),
    }


def _bitmaps(width: int, height: int) -> dict[str, list[Bitmap]]:
    return {
        "video": [noise_bitmap((width, height), seed) for seed in range(4)],
        "video 2": [noise_bitmap((width, height), seed) for seed in range(4, 8)],
        "inset": [noise_bitmap((400, 224), seed) for seed in range(4)],
        "photo": [noise_bitmap((width * 6 // 5, height * 6 // 5), 1)],
        "logo": [ellipse_bitmap((300, 200))],
        "title": [ellipse_bitmap((800, 120))],
    }


def _frame_ms(draw: Callable[[int], object]) -> float:
    times = []
    for frame in range(FRAMES):
        begin = time.perf_counter()
        draw(frame)
        times.append((time.perf_counter() - begin) * 1000)
    return median(times)


def _copy(frame: Pixels, onto: Pixels, _: int) -> None:
    np.copyto(onto, frame)


def _open(bitmaps: dict[str, list[Bitmap]], element: Element, _: tuple[int, int] | None) -> ArraySource:
    return ArraySource(bitmaps[element.where])


def main() -> None:
    """Measure each case at each size, and print a table."""
    cv2.setNumThreads(1)
    rows: dict[str, list[str]] = {}
    for width, height in SIZES:
        bitmaps = _bitmaps(width, height)
        frame = np.zeros(width * height * 3 // 2, np.uint8)
        copied = frame.copy()
        copying = _frame_ms(functools.partial(_copy, frame, copied))
        rows.setdefault("copy of a frame", []).append(f"{copying:.2f}")
        for kind, elements in _scenes(width, height).items():
            scene = Scene(width, height, (30, 1), FRAMES, (0, 0, 0, 1), elements)
            compositor = Compositor(scene, functools.partial(_open, bitmaps))
            rows.setdefault(kind, []).append(f"{_frame_ms(compositor.draw):.2f}")
            compositor.close()
    head = ["ms a frame, median", *(f"{width}x{height}" for width, height in SIZES)]
    print(table("Compositor", head, [[kind, *figures] for kind, figures in rows.items()]))


if __name__ == "__main__":
    main()
