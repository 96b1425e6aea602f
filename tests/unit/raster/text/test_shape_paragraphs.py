"""Scripts of characters, and the runs that a paragraph is split into."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.raster.text.paragraph import collect_paragraphs
from ffmpeg_worker.raster.text.shape_paragraphs import ShapedParagraph, find_script, shape_paragraphs
from ffmpeg_worker.scene.text_style import TextStyle
from support.media.text_sources import LIBRARY


@pytest.mark.parametrize(
    ("letter", "script"),
    [
        ("a", "Latn"),
        ("é", "Latn"),
        ("ж", "Cyrl"),
        ("ع", "Arab"),
        ("א", "Hebr"),
        ("क", "Deva"),
        ("ி", "Taml"),
        ("字", "Hani"),
        ("あ", "Hira"),
        ("한", "Hang"),
        ("ᚠ", "Runr"),
        ("\u0301", "Zyyy"),
        ("5", "Zyyy"),
        ("٣", "Zyyy"),
        ("。", "Zyyy"),
        ("👋", "Zyyy"),
    ],
)
def test_scripts(letter: str, script: str) -> None:
    assert find_script(letter) == script


def _shape(text: str, family: str = "Inter", **style: Any) -> ShapedParagraph:
    chain = LIBRARY.chain((family,), 400, False)
    (shaped,) = shape_paragraphs(collect_paragraphs(text, "auto"), chain, TextStyle(size=20, **style))
    return shaped


def _runs(text: str, family: str = "Inter") -> list[tuple[str, str, str]]:
    """Return text, script and font family of each run."""
    runs = _shape(text, family).runs
    return [(text[run.start : run.end], run.script, run.font.face.family) for run in runs]


def test_runs_change_with_script_and_font() -> None:
    assert _runs("abc אבג") == [("abc ", "Latn", "Inter"), ("אבג", "Hebr", "Noto Sans Hebrew")]
    assert _runs("a👋b") == [("a", "Latn", "Inter"), ("👋", "Latn", "Twemoji Mozilla"), ("b", "Latn", "Inter")]


def test_spaces_and_punctuation_stay_in_the_font_of_the_letters_before() -> None:
    assert _runs("ж, ж", "Anton") == [("ж, ж", "Cyrl", "Inter")]
    assert _runs("a, a", "Anton") == [("a, a", "Latn", "Anton")]


def test_positions_are_those_of_one_line() -> None:
    shaped, plain = _shape("ab c", letter_spacing=1, word_spacing=5), _shape("ab c")
    added = [a - b for a, b in zip(shaped.positions, plain.positions, strict=True)]
    assert added == pytest.approx([0, 1, 2, 8, 9], abs=0.5)
