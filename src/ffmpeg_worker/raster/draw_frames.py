"""Frames of a scene as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import cv2

from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.open_source import Opener
from ffmpeg_worker.raster.surfaces.bitmap import YuvBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.transform_rgba import tile_of
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.scene.scene import Scene

# A third of the time of zlib's own way at this level, and no larger.
_QUICKLY = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
)


def draw_frames(
    scene: Scene,
    numbers: range,
    folder: Path,
    *,
    is_transparent: bool,
    threads: int,
    on_warning: Callable[[str], None],
) -> Iterator[memoryview]:
    """The bytes of some frames, in one piece or more each: I420, or straight RGBA if `is_transparent`.

    What is yielded may change when the next but one is taken.

    Raises:
        RasterError: an element cannot be shown.
    """
    with _opened(scene, folder, is_transparent, threads, on_warning) as compositor:
        for number in numbers:
            surface = compositor.draw(number)
            if isinstance(surface, RgbaSurface):
                yield surface.straight().data.cast("B")
            else:
                yield from surface.buffers


def draw_png(
    scene: Scene, number: int, folder: Path, *, threads: int, on_warning: Callable[[str], None]
) -> memoryview:
    """One frame as PNG, with opacity where the scene's background has one.

    Raises:
        RasterError: an element cannot be shown.
    """
    is_transparent = scene.background[3] < 1
    with _opened(scene, folder, is_transparent, threads, on_warning) as compositor:
        # Before a film's one picture many others are decoded: those since its last keyframe.
        compositor.look_ahead(number, threads)
        surface = compositor.draw(number)
        if isinstance(surface, RgbaSurface):
            pixels = cv2.cvtColor(surface.straight(), cv2.COLOR_RGBA2BGRA)
        else:
            # Through the form in which frames are encoded: the picture that the video will show.
            pixels = cv2.cvtColor(tile_of(YuvBitmap(*surface.planes)).rgba, cv2.COLOR_RGBA2BGR)
        return cv2.imencode(".png", pixels, _QUICKLY)[1].data


@contextmanager
def _opened(
    scene: Scene, folder: Path, is_transparent: bool, threads: int, on_warning: Callable[[str], None]
) -> Iterator[Compositor]:
    library = FontLibrary(folder, scene.fonts)
    canvas = (scene.width, scene.height)
    opener = Opener(folder, library, canvas=canvas, threads=threads, as_planes=not is_transparent)
    try:
        with closing(Compositor(scene, opener, transparent=is_transparent)) as compositor:
            yield compositor
    finally:
        for warning in library.warnings:
            on_warning(warning)
