"""Opens what elements show, each by its kind."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from ffmpeg_worker.raster.errors import RasterError, out_of_memory
from ffmpeg_worker.raster.media.opener import open_media
from ffmpeg_worker.raster.surfaces.bitmap import Source
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.scene.curve import Number, greatest
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


class Opener:
    """Opens sources of one scene, whose files lie in `folder`; `threads` of each decoder.

    `canvas` is the size of what is not given one; `as_planes`: opaque images in the form that is drawn on video.
    """

    def __init__(
        self, folder: Path, library: FontLibrary, *, canvas: tuple[int, int], threads: int, as_planes: bool
    ) -> None:
        self._folder = folder
        self._canvas = canvas
        self._as_planes = as_planes
        self._library = library
        self._threads = threads

    def __call__(self, element: Element, size: tuple[int, int] | None) -> Source:
        """Open what an element shows, at `size`, or at its own.

        Raises:
            RasterError: it cannot be shown; `where` is the element's.
        """
        try:
            return self._open(element, size)
        except RasterError as error:
            error.where = error.where or element.where
            raise
        except MemoryError:
            raise out_of_memory(element.where) from None

    def _open(self, element: Element, size: tuple[int, int] | None) -> Source:
        match element.content:
            case TextContent() as content:
                return TextSource(content, _most(element.width), _most(element.height), self._library)
            case SubtitlesContent() as content:
                return SubtitlesSource(content, _most(element.width), _most(element.height), self._library)
            case VideoContent() | ImageContent() | ShapeContent() | WaveformContent() as content:
                return open_media(
                    content,
                    self._folder,
                    _even(size or self._canvas) if isinstance(content, VideoContent) else size or self._canvas,
                    where=element.where,
                    threads=self._threads,
                    as_planes=self._as_planes,
                )
            case GroupContent():
                raise TypeError("groups are opened by the stage that they are on")
            case _:
                assert_never(element.content)


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """Nearest sides of which half is whole, too."""
    width, height = (max(2, (side + 1) // 2 * 2) for side in size)
    return width, height


def _most(number: Number | None) -> float | None:
    return None if number is None else greatest(number)
