"""Draws frames of a scene as raw bytes or PNG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import cv2

from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.open_source import SourceOpener
from ffmpeg_worker.raster.surfaces.bitmap import YuvBitmap
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.scene.scene import Scene

# Three times as fast as zlib's default strategy at this level, and not larger.
_FAST_PNG = (
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
    """Yield the bytes of frames, in one or more pieces each: I420, or straight RGBA if `is_transparent`.

    A piece is valid until two more frames are drawn. `folder` holds the scene's files, each video is decoded by
    `threads` threads, and `on_warning` receives sentences about missing fonts and characters.

    Raises:
        RasterError: an element cannot be shown.
    """
    with _open_compositor(scene, folder, is_transparent, threads, on_warning) as compositor:
        for number in numbers:
            yield from compositor.draw(number).buffers


def draw_png(
    scene: Scene, number: int, folder: Path, *, threads: int, on_warning: Callable[[str], None]
) -> memoryview:
    """Draw one frame as PNG, with an alpha channel if the scene's background is transparent.

    Raises:
        RasterError: an element cannot be shown.
    """
    is_transparent = scene.background[3] < 1
    with _open_compositor(scene, folder, is_transparent, threads, on_warning) as compositor:
        # One frame of a video costs decoding all frames since its last keyframe.
        compositor.decode_ahead(number, threads)
        surface = compositor.draw(number)
        if isinstance(surface, RgbaSurface):
            pixels = cv2.cvtColor(surface.to_straight(), cv2.COLOR_RGBA2BGRA)
        else:
            # Converted from YUV, so that the PNG looks like the frame of the video.
            pixels = cv2.cvtColor(to_rgba(YuvBitmap(*surface.planes)).rgba, cv2.COLOR_RGBA2BGR)
        return cv2.imencode(".png", pixels, _FAST_PNG)[1].data


@contextmanager
def _open_compositor(
    scene: Scene, folder: Path, is_transparent: bool, threads: int, on_warning: Callable[[str], None]
) -> Iterator[Compositor]:
    library = FontLibrary(folder, scene.fonts)
    canvas = (scene.width, scene.height)
    opener = SourceOpener(folder, library, canvas=canvas, threads=threads, as_yuv=not is_transparent)
    try:
        with closing(Compositor(scene, opener, transparent=is_transparent)) as compositor:
            yield compositor
    finally:
        for warning in library.warnings:
            on_warning(warning)
