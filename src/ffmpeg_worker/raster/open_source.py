"""Opens the content of elements as sources, by its kind."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
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
from ffmpeg_worker.raster.text.svg_fonts import LibraryFonts
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.scene.content import (
    ImageContent,
    ShapeContent,
    SubtitlesContent,
    TextContent,
    VideoContent,
    WaveformContent,
)
from ffmpeg_worker.scene.scene import Element, GroupContent, reads_file


@dataclass(frozen=True, slots=True)
class SourceOpener:
    """Opens the sources of one scene, whose files are in `folder`.

    `canvas` is the size of content that is given none. Each video is decoded by `threads` threads. With `as_yuv`,
    opaque images and gradients of even size become `YuvBitmap`s, which are faster to draw on YUV surfaces.
    """

    folder: Path
    library: FontLibrary
    _: KW_ONLY
    canvas: tuple[int, int]
    threads: int = 2
    as_yuv: bool = False

    def __call__(self, element: Element, size: tuple[int, int] | None) -> Source:
        """Open the content of an element at a size in pixels, or at its own size.

        Raises:
            RasterError: it cannot be shown; `where` is the element's.
        """
        with locate_errors(element.where, reads_file=reads_file(element.content)):
            return self._open(element, size or self.canvas)

    def _open(self, element: Element, size: tuple[int, int]) -> Source:
        match element.content:
            case TextContent() as content:
                return TextSource(content, *max_box(element), self.library)
            case SubtitlesContent() as content:
                return SubtitlesSource(content, *max_box(element), self.library)
            case ShapeContent() as content:
                return ShapeSource(content, size, as_yuv=self.as_yuv)
            case VideoContent() as content:
                even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
                path = self.folder / content.file
                return VideoSource(content, path, even, threads=self.threads, where=element.where)
            case WaveformContent() as content:
                return WaveformSource(content, self.folder / content.file, size, where=element.where)
            case ImageContent() as content:
                path = self.folder / content.file
                return (
                    SvgSource(content, path, size, LibraryFonts(self.library, self.folder))
                    if is_svg(path)
                    else ImageSource(content, path, size, as_yuv=self.as_yuv)
                )
            case GroupContent():
                raise TypeError("groups are opened by ActiveElements")
            case _:
                assert_never(element.content)
