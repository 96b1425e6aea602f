"""What is drawn rather than decoded: SVG, shapes, waveforms."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.open_source import SourceOpener
from ffmpeg_worker.raster.source import Source
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Content, Fit, Gradient, ImageContent, ShapeContent, WaveformContent
from support.media.sources import make
from support.media.still_sources import element
from support.media.text_sources import LIBRARY

_RED, _BLUE, _WHITE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)
_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _open(content: Content, folder: Path, size: tuple[int, int], where: str = "") -> Source:
    return SourceOpener(folder, LIBRARY, canvas=size)(element(where, content=content), size)


def _draw(content: Content, size: tuple[int, int], folder: Path = Path(), time_s: float = 0.0) -> Pixels:
    source = _open(content, folder, size, "layers[2]")
    picture = source.render(time_s)
    assert isinstance(picture, RgbaBitmap)
    assert picture.size == source.size == size
    assert (picture.rgba[..., :3] <= picture.rgba[..., 3:]).all()
    source.close()
    return picture.rgba


def _svg(folder: Path, body: str, root: str = 'viewBox="0 0 100 50"') -> ImageContent:
    (folder / "a.svg").write_text(f"<svg {_NS} {root}>{body}</svg>")
    return ImageContent("a.svg")


@pytest.mark.parametrize(
    ("fit", "free", "red", "blue"),
    [
        ("cover", [], [(5, 5), (5, 55)], [(55, 5), (55, 55)]),
        ("contain", [(30, 5), (30, 55)], [(5, 30)], [(55, 30)]),
        ("fill", [], [(5, 5), (25, 55)], [(35, 55), (55, 5)]),
    ],
)
def test_svg_is_fitted(
    tmp_path: Path, fit: Fit, free: list[tuple[int, int]], red: list[tuple[int, int]], blue: list[tuple[int, int]]
) -> None:
    body = '<rect width="50" height="50" fill="#f00"/><rect x="50" width="50" height="50" fill="#00f"/>'
    for root in ('viewBox="0 0 100 50"', 'width="200px" height="100"', 'width="100%" viewBox="0 0 100 50"'):
        drawn = body if "viewBox" in root else f'<g transform="scale(2)">{body}</g>'
        _svg(tmp_path, drawn, root)
        rgba = _draw(ImageContent("a.svg", fit=fit), (60, 60), tmp_path)
        assert [rgba[y, x].tolist() for x, y in free] == [[0, 0, 0, 0]] * len(free)
        assert [rgba[y, x].tolist() for x, y in red] == [[255, 0, 0, 255]] * len(red)
        assert [rgba[y, x].tolist() for x, y in blue] == [[0, 0, 255, 255]] * len(blue)


@pytest.mark.parametrize(
    "body",
    [
        '<image href="file:///etc/hostname" width="9" height="9"/>',
        '<image xlink:href="http://127.0.0.1:9/a.png" width="9" height="9"/>',
        '<image href="other.png" width="9" height="9"/>',
        '<use href="other.svg#a"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>',
        '<filter id="f"><feImage href="/etc/hostname"/></filter>',
    ],
)
def test_svg_that_refers_outside_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(RasterError) as caught:
        _open(_svg(tmp_path, body), tmp_path, (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("svg_refers_outside", "layers[2]")


def test_svg_may_be_as_deep_as_is_let_in(tmp_path: Path) -> None:
    body = '<g opacity="0.99">' * 60 + '<rect width="100" height="50"/>' + "</g>" * 60
    assert _draw(_svg(tmp_path, body), (10, 10), tmp_path)[5, 5, 3] == pytest.approx(255 * 0.99**60, abs=30)


def test_svg_may_refer_to_itself(tmp_path: Path) -> None:
    body = (
        '<defs><rect id="r" width="100" height="50" fill="#f00"/></defs><a href="http://x/"><use href="#r"/></a>'
    )
    assert _draw(_svg(tmp_path, body), (10, 10), tmp_path)[5, 5].tolist() == [255, 0, 0, 255]


def _grown(part: str, count: int) -> bytes:
    return f"<svg {_NS}>{''.join(part.format(n=n, m=n + 1) for n in range(count))}</svg>".encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg", "source_unreadable"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "aa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "source_unreadable",
        ),
        (gzip.compress(b"<svg>" + b" " * 9_000_000 + b"</svg>"), "image_too_large"),
        (b"<html/>", "source_unreadable"),
        (b"<g>" * 5000, "source_unreadable"),
        (b"<svg>" + b"<g>" * 5000 + b"</g>" * 5000 + b"</svg>", "svg_too_complex"),
        (_grown('<g id="g{n}"><use href="#g{m}"/><use href="#g{m}"/></g>', 30), "svg_too_complex"),
        (_grown('<g id="g{n}"><use href="#g{m}"/></g>', 300), "svg_too_complex"),
        (_grown('<pattern id="g{n}"><rect fill="url(#g{m})"/></pattern>', 300), "svg_too_complex"),
    ],
)
def test_svg_that_is_broken_or_too_much_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.svg").write_bytes(content)
    with pytest.raises(RasterError) as caught:
        _open(ImageContent("a.svg"), tmp_path, (10, 10), "").render(0)
    assert caught.value.code == code


def test_strokes_lie_inside_and_corners_are_round() -> None:
    rgba = _draw(ShapeContent("rect", _RED, stroke=_WHITE, stroke_width=10, radius=20), (100, 60))
    assert rgba[0, 50].tolist() == rgba[30, 0].tolist() == rgba[9, 50].tolist() == [255, 255, 255, 255]
    assert rgba[11, 50].tolist() == [255, 0, 0, 255]
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[6, 6, 3] == 255
    assert rgba[4, 4, 3] == 0


def test_ellipses_polygons_stars_lines_and_paths_cover_what_they_should() -> None:
    def share(content: ShapeContent) -> float:
        return float(_draw(content, (100, 60))[..., 3].mean()) / 255

    assert share(ShapeContent("ellipse", _RED)) == pytest.approx(np.pi / 4, abs=0.01)
    assert share(ShapeContent("polygon", _RED, points=((0, 60), (50, 0), (100, 60)))) == pytest.approx(
        0.5, abs=0.01
    )
    assert share(ShapeContent("star", _RED)) == pytest.approx(0.31, abs=0.03)
    assert share(ShapeContent("path", _RED, path="M0 0 H50 V60 H0Z")) == pytest.approx(0.5, abs=0.01)
    assert share(ShapeContent("line", _RED, stroke_width=6)) == pytest.approx(0.1, abs=0.005)
    dashed = ShapeContent("line", None, stroke=_RED, stroke_width=6, dash=(5, 5))
    assert share(dashed) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("angle", "red", "blue"), [(0, (50, 79), (50, 0)), (90, (0, 40), (99, 40)), (135, (0, 0), (99, 79))]
)
def test_gradients_have_the_angles_of_css(angle: float, red: tuple[int, int], blue: tuple[int, int]) -> None:
    rgba = _draw(ShapeContent("rect", Gradient((_RED, _BLUE), angle=angle)), (100, 80)).astype(int)
    assert np.abs(rgba[red[1], red[0]] - (255, 0, 0, 255)).max() <= 4
    assert np.abs(rgba[blue[1], blue[0]] - (0, 0, 255, 255)).max() <= 4
    assert np.abs(rgba[40, 50] - (128, 0, 128, 255)).max() <= 4


def test_a_gradient_to_nothing_keeps_its_colour() -> None:
    rgba = _draw(ShapeContent("rect", Gradient((_WHITE, (0, 0, 0, 0)), angle=90)), (100, 10)).astype(int)
    assert np.abs(rgba[5, :, 0] - rgba[5, :, 3]).max() <= 1
    assert abs(int(rgba[5, 50, 3]) - 128) <= 4


def test_a_shape_is_drawn_again_only_when_its_colour_changes() -> None:
    fill = Curve((Key(1.0, _RED), Key(2.0, _BLUE)))
    source = _open(ShapeContent("rect", fill), Path(), (10, 10), "")
    before = source.render(0.0)
    assert source.render(0.9) is before
    after = source.render(1.5)
    assert isinstance(after, RgbaBitmap)
    assert np.abs(after.rgba[5, 5].astype(int) - (128, 0, 128, 255)).max() <= 1


@pytest.mark.parametrize(
    "shape",
    [
        ShapeContent("path", _RED, path='M0 0"/><image href="/etc/hostname"/>'),
        ShapeContent("path", _RED, path="M0 0L" * 100_000),
        ShapeContent("polygon", _RED, points=((0, float("nan")),)),
    ],
)
def test_a_shape_that_is_none_is_refused(shape: ShapeContent) -> None:
    with pytest.raises(RasterError) as caught:
        _open(shape, Path(), (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("invalid_shape", "layers[2]")


def _beep(folder: Path, name: str = "a.m4a") -> Path:
    """A deep tone in the second second, a high one in the 13th, else silence."""
    deep, high = "sin(2*PI*200*t)*between(t,1,2)", "sin(2*PI*5000*t)*between(t,12,13)"
    sound = f"aevalsrc='0.5*({deep}+{high})':s=44100:d=15"
    return make(folder / name, "-f", "lavfi", "-i", sound)


@pytest.mark.parametrize("look", ["bars", "line"])
def test_waveforms_follow_the_sound(tmp_path: Path, look: str) -> None:
    _beep(tmp_path)
    content = WaveformContent("a.m4a", (1, 1, 1, 0.5), look=look, bars=16)  # type: ignore[arg-type]
    source = _open(content, tmp_path, (320, 80), "")

    def reach(time_s: float) -> Pixels:
        picture = source.render(time_s)
        assert isinstance(picture, RgbaBitmap)
        covered: Pixels = (picture.rgba[..., 3] > 40).sum(axis=0)
        return covered

    rows = {time_s: _rows(source.render(time_s)) for time_s in (0.5, 1.5, 2.6, 12.5)}
    assert rows[0.5] < 15
    assert rows[1.5] > 50
    assert rows[2.6] < 15
    assert rows[12.5] > 50
    if look == "bars":
        assert reach(1.5)[:160].max() > 2 * reach(1.5)[160:].max()
        assert reach(12.5)[160:].max() > 2 * reach(12.5)[:160].max()
        assert source.render(4.0) is source.render(4.1)


def _rows(picture: object) -> int:
    assert isinstance(picture, RgbaBitmap)
    return int((picture.rgba[..., 3].max(axis=1) > 40).sum())


def test_a_waveform_is_the_same_wherever_one_comes_from(tmp_path: Path) -> None:
    _beep(tmp_path, "a.mka")
    content = WaveformContent("a.mka", _WHITE, begin_s=0.3, speed=1.5)
    played = _open(content, tmp_path, (200, 60), "")
    in_order = {n: played.render(n / 30) for n in range(300)}
    for n in (299, 250, 27, 240, 20, 0):
        jumped = _open(content, tmp_path, (200, 60), "").render(n / 30)
        then = in_order[n]
        assert isinstance(jumped, RgbaBitmap)
        assert isinstance(then, RgbaBitmap)
        assert (jumped.rgba == then.rgba).all(), n


def test_a_file_without_sound_has_no_waveform(tmp_path: Path) -> None:
    make(tmp_path / "a.mp4", "-f", "lavfi", "-i", "color=size=32x32:duration=0.2")
    with pytest.raises(RasterError) as caught:
        _open(WaveformContent("a.mp4", _WHITE), tmp_path, (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("source_has_no_sound", "layers[2]")
