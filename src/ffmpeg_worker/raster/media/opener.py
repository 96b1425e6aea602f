"""From what an element shows to its open source."""

from __future__ import annotations

from pathlib import Path

from ffmpeg_worker.raster.media.image_source import ImageSource
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.media.shape_source import ShapeSource
from ffmpeg_worker.raster.media.svg_source import SvgSource, is_svg
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.raster.media.waveform_source import WaveformSource
from ffmpeg_worker.raster.surfaces.bitmap import Source
from ffmpeg_worker.scene.scene import ImageContent, ShapeContent, VideoContent, WaveformContent

MediaContent = VideoContent | ImageContent | ShapeContent | WaveformContent


def open_media(
    content: MediaContent,
    folder: Path,
    size: Size,
    where: str,
    *,
    threads: int = 2,
    fonts: tuple[Path, ...] = (),
    as_planes: bool = False,
) -> Source:
    """Open what an element shows, in the size of its box (even numbers for a video).

    Args:
        content: what is shown; its file lies in `folder`.
        folder: the job's.
        size: width and height of the element in pixels.
        where: the element's JSON path, for errors.
        threads: of a video's decoder.
        fonts: files for the text of SVG.
        as_planes: opaque images of even size come as `YuvBitmap`.

    Raises: RasterError.
    """
    match content:
        case VideoContent():
            return VideoSource(content, folder / content.file, size, threads=threads, where=where)
        case ImageContent() if is_svg(folder / content.file):
            return SvgSource(content, folder / content.file, size, fonts=fonts, where=where)
        case ImageContent():
            return ImageSource(content, folder / content.file, size, as_planes=as_planes, where=where)
        case ShapeContent():
            return ShapeSource(content, size, where=where)
        case WaveformContent():
            return WaveformSource(content, folder / content.file, size, where=where)
