"""What drawing a frame costs, by kind of layer, with sources made of arrays."""

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
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Element, ImageContent, Scene, Transition, VideoContent

SIZES = ((1280, 720), (1920, 1080))
FRAMES = 60
_VIDEO = VideoContent("clip", (2, 2), 0, 10)
_IMAGE = ImageContent("picture")


class Film:
    """YuvBitmap that change at each frame, or one picture."""

    def __init__(self, pictures: list[Bitmap]) -> None:
        self._pictures = pictures

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._pictures[0].size

    def render(self, time_s: float) -> Bitmap:
        """The next one of a few that go round; a new one each time, as decoders give them."""
        if len(self._pictures) == 1:
            return self._pictures[0]
        picture = self._pictures[round(time_s * 30) % len(self._pictures)]
        return (
            YuvBitmap(picture.y, picture.u, picture.v)
            if isinstance(picture, YuvBitmap)
            else RgbaBitmap(picture.rgba)
        )

    def close(self) -> None:
        """Nothing is open."""


def planes(size: tuple[int, int], seed: int) -> YuvBitmap:
    """A noisy picture."""
    noise = np.random.default_rng(seed)

    def plane(step: int) -> Pixels:
        return noise.integers(16, 236, (size[1] // step, size[0] // step), np.uint8)

    return YuvBitmap(plane(1), plane(2), plane(2))


def tile(size: tuple[int, int]) -> RgbaBitmap:
    """An ellipse that lets half through."""
    rgba = np.zeros((size[1], size[0], 4), np.uint8)
    middle = (size[0] // 2, size[1] // 2)
    cv2.ellipse(rgba, (middle, (size[0] - 4, size[1] - 4), 0), (120, 60, 20, 140), -1, cv2.LINE_AA)
    return RgbaBitmap(rgba)


def _curve(*values: float) -> Curve:
    return Curve(tuple(Key(FRAMES / 30 * i / (len(values) - 1), (value,)) for i, value in enumerate(values)))


def _scenes(width: int, height: int) -> dict[str, tuple[Element, ...]]:
    """By what is measured: the elements. What they show is told by `where`."""

    def on(where: str, content: VideoContent | ImageContent = _IMAGE, **more: Any) -> Element:
        known: dict[str, Any] = {"x": 0.0, "y": 0.0, **more}
        return Element(where, 0, FRAMES, content, **known)

    clip = on("film", _VIDEO)
    middle: dict[str, Any] = {"anchor": (0.5, 0.5), "x": width / 2, "y": height / 2}
    other = on("film 2", _VIDEO, replaces=0, enter=Transition("fade", FRAMES))
    wiped = on("film 2", _VIDEO, replaces=0, enter=Transition("circle-open", FRAMES))
    return {
        "pass through": (clip,),
        "logo 300x200, still": (clip, on("logo", x=41.0, y=33.0)),
        "logo 300x200, fading": (clip, on("logo", x=41.0, y=33.0, opacity=_curve(0, 1))),
        "title 800x120, moving by parts of pixels": (clip, on("title", x=_curve(10, 70.3), y=99.4)),
        "clip 400x224, round corners, moving": (
            clip,
            on("inset", _VIDEO, x=_curve(10, 70.3), y=51.0, radius=24.0),
        ),
        "clip 400x224, turning": (clip, on("inset", _VIDEO, rotation=_curve(0, 90), **middle)),
        "clip fading in": (on("film", _VIDEO, opacity=_curve(0, 1)),),
        "crossfade": (clip, other),
        "circleopen": (clip, wiped),
        "Ken Burns": (on("picture", scale=_curve(1, 1.2), width=width, height=height, **middle),),
        "logo 300x200, multiply": (clip, on("logo", x=41.0, y=33.0, blend="multiply")),
        "clip blurred": (on("film", _VIDEO, blur=12.0),),
        "60 layers, one shown": (
            clip,
            *(Element("logo", FRAMES + i, FRAMES + i + 9, _IMAGE, 0, 0) for i in range(59)),
        ),
    }


def _shown(width: int, height: int) -> dict[str, list[Bitmap]]:
    return {
        "film": [planes((width, height), seed) for seed in range(4)],
        "film 2": [planes((width, height), seed) for seed in range(4, 8)],
        "inset": [planes((400, 224), seed) for seed in range(4)],
        "picture": [planes((width * 6 // 5, height * 6 // 5), 1)],
        "logo": [tile((300, 200))],
        "title": [tile((800, 120))],
    }


def _frame_ms(draw: Callable[[int], object]) -> float:
    took = []
    for frame in range(FRAMES):
        begin = time.perf_counter()
        draw(frame)
        took.append((time.perf_counter() - begin) * 1000)
    return median(took)


def _copy(frame: Pixels, onto: Pixels, _: int) -> None:
    np.copyto(onto, frame)


def _open(shown: dict[str, list[Bitmap]], element: Element, _: tuple[int, int] | None) -> Film:
    return Film(shown[element.where])


def main() -> None:
    """Measure each kind at each size."""
    cv2.setNumThreads(1)
    rows: dict[str, list[str]] = {}
    for width, height in SIZES:
        shown = _shown(width, height)
        frame = np.zeros(width * height * 3 // 2, np.uint8)
        copied = frame.copy()
        copying = _frame_ms(functools.partial(_copy, frame, copied))
        rows.setdefault("copy of a frame", []).append(f"{copying:.2f}")
        for kind, elements in _scenes(width, height).items():
            scene = Scene(width, height, (30, 1), FRAMES, (0, 0, 0, 1), elements)
            compositor = Compositor(scene, functools.partial(_open, shown))
            rows.setdefault(kind, []).append(f"{_frame_ms(compositor.draw):.2f}")
            compositor.close()
    head = ["ms a frame, median", *(f"{width}x{height}" for width, height in SIZES)]
    print(table("Compositor", head, [[kind, *figures] for kind, figures in rows.items()]))


if __name__ == "__main__":
    main()
