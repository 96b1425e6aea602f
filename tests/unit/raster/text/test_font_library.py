"""Font selection by family, style and character."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ffmpeg_worker.fonts
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.text import font_library as library_module
from ffmpeg_worker.raster.text.draw_glyph import draw_glyph
from ffmpeg_worker.raster.text.font_library import FontLibrary, load_bundled
from ffmpeg_worker.scene.scene import FontFile
from support.media.text_sources import LIBRARY

FONTS = ffmpeg_worker.fonts.FOLDER


def test_every_bundled_font_is_listed_with_a_license() -> None:
    readme = (FONTS / "README.md").read_text()
    licenses = {path.name for path in (FONTS / "licenses").iterdir()}
    assert all(f"licenses/{name}" in readme for name in licenses)
    for path in FONTS.glob("*.ttf"):
        assert f"{path.stem.split('-')[0]}" in readme
    assert len(load_bundled()) == len([*FONTS.glob("*.ttf")])
    assert sum(path.stat().st_size for path in FONTS.rglob("*")) < 9_000_000


def test_families_are_found_in_any_case_and_by_their_generic_names() -> None:
    assert [LIBRARY.chain((name,), 400, False).first(10).face.family for name in ("LORA", "serif", "Anton")] == [
        "Lora", "Lora", "Anton",
    ]  # fmt: skip


def test_the_first_family_that_is_there_is_used() -> None:
    assert LIBRARY.chain(("No Such", "Anton"), 400, False).first(10).face.family == "Anton"


def test_an_unknown_family_falls_back_to_the_default_with_one_warning() -> None:
    library = FontLibrary()
    for weight in (400, 700):
        assert library.chain(("Comic Nonsense",), weight, False).first(10).face.family == "Inter"
    assert library.warnings == ['There is no font family "Comic Nonsense"; the default is used instead.']


def test_a_character_that_no_font_has_causes_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "load_system", tuple)
    library = FontLibrary()
    library.chain(("Inter",), 400, False).font("\u5b57", 20)
    assert library.warnings == ['No font has "\u5b57" (U+5B57); a box is drawn instead.']


def test_fonts_of_the_machine_are_used_for_missing_characters_and_families(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lora = next(face for face in load_bundled() if face.family == "Lora")
    inter = tuple(face for face in load_bundled() if face.family == "Inter")
    monkeypatch.setattr(library_module, "load_bundled", lambda: inter)
    monkeypatch.setattr(library_module, "load_system", lambda: (lora,))
    only_lora = next(code for code in lora.characters if code > 0x2000 and not inter[0].covers(chr(code)))
    library = FontLibrary()
    assert library.chain(("Inter",), 400, False).font(chr(only_lora), 20).face is lora
    assert library.chain(("lora",), 400, False).first(20).face is lora


def test_the_nearest_weight_and_slant_of_a_family_is_used() -> None:
    names = [
        LIBRARY.chain(("Lora",), weight, is_italic).first(10).face.harfbuzz.get_name(2)
        for weight, is_italic in ((400, False), (800, False), (300, True), (700, True))
    ]
    assert names == ["Regular", "Bold", "Italic", "Bold Italic"]


@pytest.mark.parametrize(("family", "letter"), [("Inter", "l"), ("Anton", "l")])
def test_bold_is_bolder_with_and_without_an_axis(family: str, letter: str) -> None:
    areas = []
    for weight in (400, 900):
        font = LIBRARY.chain((family,), weight, False).first(100)
        mask = draw_glyph(font, font.harfbuzz.get_nominal_glyph(ord(letter)), 0, 0)
        assert mask is not None
        areas.append(int(mask.pixels.sum()))
    assert areas[1] > areas[0] * 1.05


def test_a_face_without_italics_is_slanted() -> None:
    def lean(is_italic: bool) -> float:
        font = LIBRARY.chain(("Anton",), 400, is_italic).first(100)
        mask = draw_glyph(font, font.harfbuzz.get_nominal_glyph(ord("I")), 0, 0)
        assert mask is not None
        middles = [np.average(np.arange(mask.pixels.shape[1]), weights=row) for row in mask.pixels[[5, -5]]]
        return float(middles[0] - middles[1])

    assert lean(False) == pytest.approx(0, abs=0.5)
    assert lean(True) > 10


def test_a_font_of_the_job_replaces_a_bundled_family_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "mine.ttf").write_bytes((FONTS / "Anton-Regular.ttf").read_bytes())
    library = FontLibrary(tmp_path, (FontFile("Inter", "mine.ttf"),))
    assert library.chain(("inter",), 400, False).first(10).face.harfbuzz.get_name(1) == "Anton"
    assert library.warnings == []


@pytest.mark.parametrize("content", [b"", b"GIF89a not a font", b"\x00\x01\x00\x00" + b"\xff" * 400])
def test_a_file_that_is_not_a_font_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ttf").write_bytes((FONTS / "Anton-Regular.ttf").read_bytes())
    (tmp_path / "b.ttf").write_bytes(content)
    with pytest.raises(RasterError) as raised:
        FontLibrary(tmp_path, (FontFile("A", "a.ttf"), FontFile("B", "b.ttf")))
    assert (raised.value.code, raised.value.where) == ("font_unreadable", "fonts[1]")


def test_a_truncated_font_draws_or_is_refused(tmp_path: Path) -> None:
    whole = (FONTS / "Anton-Regular.ttf").read_bytes()
    for length in (100, 2000, 60_000):
        (tmp_path / "a.ttf").write_bytes(whole[:length])
        try:
            library = FontLibrary(tmp_path, (FontFile("A", "a.ttf"),))
        except RasterError:
            continue
        font = library.chain(("A",), 400, False).font("A", 40)
        draw_glyph(font, font.harfbuzz.get_nominal_glyph(65) or 0, 0, 0)
