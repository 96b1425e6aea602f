"""SVG files: fitted, and refused if they refer to other files or are too complex."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ffmpeg_worker.composition.choices import Fit
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.scene.content import ImageContent
from support.media.opened_sources import draw_content, open_content

_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


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
        rgba = draw_content(ImageContent("a.svg", fit=fit), (60, 60), tmp_path)
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
        open_content(_svg(tmp_path, body), tmp_path, (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("svg_refers_outside", "layers[2]")


def test_svg_may_have_the_maximum_depth(tmp_path: Path) -> None:
    body = '<g opacity="0.99">' * 60 + '<rect width="100" height="50"/>' + "</g>" * 60
    assert draw_content(_svg(tmp_path, body), (10, 10), tmp_path)[5, 5, 3] == pytest.approx(255 * 0.99**60, abs=30)


def test_svg_may_refer_to_itself(tmp_path: Path) -> None:
    body = (
        '<defs><rect id="r" width="100" height="50" fill="#f00"/></defs><a href="http://x/"><use href="#r"/></a>'
    )
    assert draw_content(_svg(tmp_path, body), (10, 10), tmp_path)[5, 5].tolist() == [255, 0, 0, 255]


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
def test_damaged_or_too_complex_svg_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.svg").write_bytes(content)
    with pytest.raises(RasterError) as caught:
        open_content(ImageContent("a.svg"), tmp_path, (10, 10)).render(0)
    assert caught.value.code == code
