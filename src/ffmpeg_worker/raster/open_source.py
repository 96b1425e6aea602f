"""Opens the content of elements as sources, by its kind."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from ffmpeg_worker.raster.errors import locate_errors
from ffmpeg_worker.raster.media.image_source import ImageSource
from ffmpeg_worker.raster.media.shape_source import ShapeSource
from ffmpeg_worker.raster.media.svg_source import SvgSource, is_svg
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.raster.media.waveform_source import WaveformSource
from ffmpeg_worker.raster.source import Source
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.layout_text import max_box
from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.scene.scene import (
    Element,
    GroupContent,
    ImageContent,
    ShapeContent,
    SubtitlesContent,
    TextContent,
    VideoContent,
    WaveformContent,
)


class SourceOpener:
    """Opens the sources of one scene.

    Args:
        folder: holds the scene's files.
        library: the fonts of text and subtitles.
        canvas: the size of content that is given no size.
        threads: of each video decoder.
        as_yuv: opaque images of even size become `YuvBitmap`s, which are faster to draw on YUV surfaces.
    """

    def __init__(
        self,
        folder: Path,
        library: FontLibrary,
        *,
        canvas: tuple[int, int],
        threads: int = 2,
        as_yuv: bool = False,
    ) -> None:
        self._folder = folder
        self._canvas = canvas
        self._as_yuv = as_yuv
        self._library = library
        self._threads = threads

    def __call__(self, element: Element, size: tuple[int, int] | None) -> Source:
        """Open the content of an element at a size in pixels, or at its own size.

        Raises:
            RasterError: it cannot be shown; `where` is the element's.
        """
        with locate_errors(element.where):
            return self._open(element, size or self._canvas)

    def _open(self, element: Element, size: tuple[int, int]) -> Source:
        match element.content:
            case TextContent() as content:
                return TextSource(content, *max_box(element), self._library)
            case SubtitlesContent() as content:
                return SubtitlesSource(content, *max_box(element), self._library)
            case ShapeContent() as content:
                return ShapeSource(content, size)
            case VideoContent() | ImageContent() | WaveformContent() as content:
                return self._open_file(content, self._folder / content.file, size, element.where)
            case GroupContent():
                raise TypeError("groups are opened by ActiveElements")
            case _:
                assert_never(element.content)

    def _open_file(
        self, content: VideoContent | ImageContent | WaveformContent, path: Path, size: tuple[int, int], where: str
    ) -> Source:
        if isinstance(content, VideoContent):
            return VideoSource(content, path, _round_up_to_even(size), threads=self._threads, where=where)
        if isinstance(content, WaveformContent):
            return WaveformSource(content, path, size, where=where)
        if is_svg(path):
            return SvgSource(content, path, size)
        return ImageSource(content, path, size, as_yuv=self._as_yuv)


def _round_up_to_even(size: tuple[int, int]) -> tuple[int, int]:
    width, height = (max(2, (side + 1) // 2 * 2) for side in size)
    return width, height
