"""Sources opened as a renderer opens them, and what they draw."""

from __future__ import annotations

from pathlib import Path

from ffmpeg_worker.raster.open_source import SourceOpener
from ffmpeg_worker.raster.source import Source
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap
from ffmpeg_worker.scene.scene import Content
from support.media.still_sources import element
from support.media.text_sources import LIBRARY


def open_content(
    content: Content, folder: Path = Path(), size: tuple[int, int] | None = None, where: str = "layers[0]"
) -> Source:
    """Open the content of a layer at a size, or at that of a canvas of 30 by 20 pixels."""
    return SourceOpener(folder, LIBRARY, canvas=(30, 20))(element(where, content=content), size)


def draw_content(content: Content, size: tuple[int, int], folder: Path = Path()) -> Pixels:
    """Draw the first frame of content: premultiplied RGBA."""
    source = open_content(content, folder, size)
    bitmap = source.render(0.0)
    assert isinstance(bitmap, RgbaBitmap)
    assert bitmap.size == source.size == size
    assert (bitmap.rgba[..., :3] <= bitmap.rgba[..., 3:]).all()
    source.close()
    return bitmap.rgba
