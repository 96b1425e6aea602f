"""Elements opened as the source of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.image_source import ImageSource
from ffmpeg_worker.raster.media.shape_source import ShapeSource
from ffmpeg_worker.raster.media.svg_source import SvgSource
from ffmpeg_worker.raster.media.video_source import VideoSource
from ffmpeg_worker.raster.media.waveform_source import WaveformSource
from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.scene.content import (
    Cue,
    ImageContent,
    ShapeContent,
    SubtitlesContent,
    TextContent,
    VideoContent,
    WaveformContent,
)
from ffmpeg_worker.scene.scene import Content, GroupContent
from ffmpeg_worker.scene.text_style import TextStyle
from support.media.opened_sources import open_content
from support.media.sources import make

WHITE = (1.0, 1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    (folder / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
    make(folder / "a.mkv", "-f", "lavfi", "-i", "color=size=16x16:duration=0.2", "-c:v", "ffv1")
    make(folder / "a.wav", "-f", "lavfi", "-i", "sine=duration=0.2")
    return folder


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (VideoContent("a.mkv", (16, 16), 0, 0.2), VideoSource),
        (ImageContent("a.png"), ImageSource),
        (ImageContent("a.svg"), SvgSource),
        (ShapeContent("rect", WHITE), ShapeSource),
        (WaveformContent("a.wav", WHITE), WaveformSource),
        (TextContent("a", TextStyle(), 100), TextSource),
        (SubtitlesContent((Cue(0, 1, "a"),), TextStyle(), 100), SubtitlesSource),
    ],
)
def test_every_kind_of_content_has_a_source(folder: Path, content: Content, kind: type[object]) -> None:
    source = open_content(content, folder)
    assert isinstance(source, kind)
    assert source.render(0.0) is not None
    source.close()


def test_content_without_a_size_fills_the_canvas_and_video_has_even_sides(folder: Path) -> None:
    shape, video = ShapeContent("rect", WHITE), VideoContent("a.mkv", (16, 16), 0, 0.2)
    for content, size, opened in ((shape, None, (30, 20)), (shape, (7, 5), (7, 5)), (video, (7, 5), (8, 6))):
        source = open_content(content, folder, size)
        assert source.size == opened
        source.close()


def test_errors_name_the_layer(folder: Path) -> None:
    with pytest.raises(RasterError) as caught:
        open_content(ImageContent("missing.png"), folder)
    assert (caught.value.code, caught.value.where) == ("source_unreadable", "layers[0]")


def test_groups_are_not_opened_here(folder: Path) -> None:
    with pytest.raises(TypeError):
        open_content(GroupContent(()), folder)
