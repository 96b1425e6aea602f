"""The text of SVG: its font families exist, and so do its characters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from ffmpeg_worker.raster.media.svg_text import prepare_text
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.svg_fonts import LibraryFonts
from ffmpeg_worker.scene.content import ImageContent
from ffmpeg_worker.scene.scene import BUNDLED_FONTS_FOLDER, FontFile
from support.growth import grows_linearly
from support.media.opened_sources import draw_content

_NS = 'xmlns="http://www.w3.org/2000/svg"'


class _Fonts:
    """Fonts that have Brand, Inter and Lora, and no letter Z."""

    def find_family(self, name: str) -> str | None:
        return {"brand": "Brand", "inter": "Inter", "serif": "Lora"}.get(name.lower())

    def find_files(self, families: Sequence[str], text: str) -> tuple[list[Path], str]:
        return [Path(f"{family}.ttf") for family in families], "Z" if "Z" in text else ""


def prepared(body: str) -> tuple[str, list[str]]:
    root = ElementTree.fromstring(f"<svg {_NS}>{body}</svg>")
    files = prepare_text(root, _Fonts())
    return ElementTree.tostring(root, encoding="unicode"), [file.stem for file in files]


@pytest.mark.parametrize(
    ("written", "read_as", "family"),
    [
        ('<text font-family="Brand">a</text>', "font-family=\"'Brand', 'Inter'\"", "Brand"),
        ('<text font-family="Arial, sans-serif">a</text>', "font-family=\"'Inter'\"", None),
        ("<text font-family=\"'No Such', &quot;Brand&quot;\">a</text>", "\"'Brand', 'Inter'\"", "Brand"),
        ('<text style="fill:red;font-family: serif;x:y">a</text>', "font-family: 'Lora', 'Inter';x:y", "Lora"),
        ('<text style="font: bold 40px Arial, serif">a</text>', "font: bold 40px 'Lora', 'Inter'", "Lora"),
        ('<text style="font:700 12pt/1.5 Brand">a</text>', "font: 700 12pt 'Brand', 'Inter'", "Brand"),
        ('<text style="font:700 12pt / 1.5 Brand">a</text>', "font: 700 12pt 'Brand', 'Inter'", "Brand"),
        ("<style>a{font-family:Brand!important}</style><text>a</text>", "'Inter' !important}", "Brand"),
        ('<g font-family="Brand"><text><tspan>a</tspan></text></g>', "'Brand', 'Inter'", "Brand"),
        ("<text>aZ<tspan>Zb</tspan>Z</text>", "a□", None),
        ('<text style="font-size:3px;font-weight:700">a</text>', "font-size:3px;font-weight:700", None),
    ],
    ids=range(11),
)  # fmt: skip
def test_families_are_replaced_by_those_that_exist(written: str, read_as: str, family: str | None) -> None:
    markup, files = prepared(written)
    assert read_as in markup
    assert files == ["Inter", *([family] if family else [])]
    assert "Z" not in markup


def test_a_drawing_without_text_needs_no_fonts() -> None:
    assert prepared('<g font-family="Brand"><path d="M0 0h8v8z"/></g>')[1] == []


@pytest.mark.parametrize("fragment", ["font", "font:", "1", "font-family:", ",", "font-family ", " ", "9px ", "/"])
def test_the_time_is_linear_in_the_length_of_a_style(fragment: str) -> None:
    def run(style: str) -> None:
        root = ElementTree.Element("text", {"style": style, "font-family": style})
        prepare_text(root, _Fonts())

    for begin in ("", "font:", "font-family:"):
        assert grows_linearly(run, lambda size: begin + fragment * size)  # noqa: B023


def draw(body: str, folder: Path) -> Any:
    (folder / "a.svg").write_text(f'<svg {_NS} viewBox="0 0 300 60">{body}</svg>', encoding="utf-8")
    return draw_content(ImageContent("a.svg"), (300, 60), folder)[..., 3]


@pytest.mark.parametrize(
    "attributes",
    [
        'font-family="Inter"',
        'font-family="Arial, sans-serif"',
        'font-family="No Such Font"',
        'style="font: 40px Helvetica"',
        "",
    ],
)
def test_text_is_drawn_in_the_default_font_if_its_own_is_missing(attributes: str, tmp_path: Path) -> None:
    text = '<text x="5" y="45" font-size="40" {}>Hamburg</text>'
    drawn = draw(text.format(attributes), tmp_path)
    assert np.array_equal(drawn, draw(text.format('font-family="Inter"'), tmp_path))
    assert drawn.max() == 255
    assert not np.array_equal(drawn, draw(text.format('font-family="serif"'), tmp_path))


def test_every_script_is_drawn_and_missing_characters_are_boxes(tmp_path: Path) -> None:
    text = '<text x="5" y="45" font-size="40">{}</text>'
    for letters in ("שלום", "สวัสดี", "नमस्ते", "سلام", "😀", "a\U000f0000b"):
        assert draw(text.format(letters), tmp_path).max() > 200
    assert np.array_equal(draw(text.format("a\U000f0000b"), tmp_path), draw(text.format("a\u25a1b"), tmp_path))


def test_missing_families_and_characters_are_reported_and_generic_ones_are_not(tmp_path: Path) -> None:
    library = FontLibrary()
    fonts = LibraryFonts(library, tmp_path)
    assert [fonts.find_family(name) for name in ("sans-serif", "serif", "monospace", "cursive", "Arial Nova")] == [
        "Inter", "Lora", "JetBrains Mono", None, None,
    ]  # fmt: skip
    assert fonts.find_files(["Inter"], "a\U000f0000")[1] == "\U000f0000"
    assert [warning.split('"')[1] for warning in library.warnings] == ["Arial Nova", "\U000f0000"]


def test_fonts_of_the_job_have_the_names_of_the_composition(tmp_path: Path) -> None:
    bundled = next(
        path for path in Path(FontLibrary.__init__.__globals__["bundled_fonts"]()[0]).parent.glob("Anton*")
    )
    (tmp_path / "mine.ttf").write_bytes(bundled.read_bytes())
    fonts = LibraryFonts(FontLibrary(tmp_path, (FontFile("House Style", "mine.ttf"),)), tmp_path)
    assert fonts.find_family("House Style") == "Anton"
    assert fonts.find_files(["Anton"], "a")[0] == [tmp_path / "mine.ttf"]


def test_a_copy_of_the_bundled_fonts_is_preferred(tmp_path: Path) -> None:
    folder = tmp_path / BUNDLED_FONTS_FOLDER
    folder.mkdir()
    (folder / "Inter.ttf").write_bytes(b"")
    files = LibraryFonts(FontLibrary(), tmp_path).find_files(["Inter"], "a")[0]
    assert folder / "Inter.ttf" in files
