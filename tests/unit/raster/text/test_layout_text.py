"""Positions of letters and lines."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import uharfbuzz as hb

from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.layout_text import layout_text
from ffmpeg_worker.scene.text_style import Background, Stroke, TextStyle
from support.media.text_sources import LIBRARY


def lay_out(text: str, width: float | None = None, height: float | None = None, **style: Any) -> Layout:
    return layout_text(text, TextStyle(**style), width, height, library=LIBRARY)


def line_texts(layout: Layout) -> list[str]:
    return [layout.text[line.start : line.end].strip() for line in layout.lines]


def visual_text(layout: Layout) -> str:
    """Return the first letters of the clusters, from left to right."""
    ordered = sorted(layout.glyphs, key=lambda glyph: (glyph.line, glyph.left))
    return "".join(layout.text[glyph.start] for glyph in ordered)


def test_the_width_of_a_line_is_the_sum_of_harfbuzz_advances() -> None:
    font = LIBRARY.chain(("Inter",), 700, False).first(40).harfbuzz
    buffer = hb.Buffer()
    buffer.add_str("AVATAR Wave")
    buffer.guess_segment_properties()
    hb.shape(font, buffer, {})
    expected = sum(position.x_advance for position in buffer.glyph_positions) / 64
    assert lay_out("AVATAR Wave", size=40, weight=700).width == pytest.approx(expected)


def test_weight_and_letter_spacing_make_text_wider() -> None:
    plain = lay_out("office", size=40).width
    assert lay_out("office", size=40, weight=900).width > plain
    assert lay_out("office", size=40, letter_spacing=5).width == pytest.approx(plain + 5 * 5, abs=2)
    assert lay_out("a b c", size=40, word_spacing=7).width == pytest.approx(lay_out("a b c", size=40).width + 14)


def test_letter_spacing_disables_ligatures() -> None:
    assert len(lay_out("fi", families=("Lora",)).glyphs) == 1
    assert len(lay_out("fi", families=("Lora",), letter_spacing=1).glyphs) == 2


def test_lines_are_as_full_as_their_width_allows() -> None:
    layout = lay_out("The quick brown fox jumps over the lazy dog", 300, size=40, wrap="greedy")
    texts = line_texts(layout)
    assert " ".join(texts) == "The quick brown fox jumps over the lazy dog"
    for text, following in itertools.pairwise(texts):
        assert lay_out(text, size=40).width <= 300
        assert lay_out(f"{text} {following.split()[0]}", size=40).width > 300


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("This is a sentence whose last line is short", 640),
        ("We packed far too much", 420),
        ("Three days in the hills with nobody else around us at all", 500),
        ("今日はとても良い天気ですね。カメラを買いに行きましょう。", 500),
        ("สวัสดีครับ ยินดีต้อนรับสู่ประเทศไทย", 400),
    ],
)
def test_the_lines_of_a_short_paragraph_are_balanced(text: str, width: float) -> None:
    greedy, balanced = (lay_out(text, width, size=40, wrap=wrap) for wrap in ("greedy", "balance"))
    widths = [[line.right - line.left for line in layout.lines] for layout in (greedy, balanced)]
    assert len(greedy.lines) == len(balanced.lines) > 1
    assert max(widths[1]) <= max(widths[0]) + 0.01
    assert min(widths[1]) > 0.55 * max(widths[1])


def test_a_long_paragraph_does_not_end_in_one_word() -> None:
    words = (
        "Some text that is much longer than a caption and that fills a card from its top to its bottom with lines"
    )
    for width in range(240, 420, 7):
        layout = lay_out(words, width, size=24)
        greedy = lay_out(words, width, size=24, wrap="greedy")
        assert len(layout.lines) == len(greedy.lines)
        assert len(line_texts(layout)[-1].split()) > 1
        if len(layout.lines) > 6:
            assert line_texts(layout)[:-3] == line_texts(greedy)[:-3]


def test_phrases_are_broken_only_where_they_do_not_fit() -> None:
    assert line_texts(lay_out("我们明天去北京看看", 200, size=40)) == ["我们明天去", "北京看看"]
    narrow = line_texts(lay_out("博物馆博物馆。", 90, size=40))
    assert "".join(narrow) == "博物馆博物馆。"
    assert not any(line.startswith("。") for line in narrow)


def test_lengths_in_percent_shrink_with_an_automatic_font_size() -> None:
    def style(size: float) -> TextStyle:
        box = Background((0, 0, 0, 1), size * 0.3, size * 0.1)
        return TextStyle(size=size, stroke=Stroke((0, 0, 0, 1), 1 + size * 0.08), background=box)

    layout = layout_text("Fit this", replace(style(400), smallest=style(8)), 300, 200, library=LIBRARY)
    expected = style(layout.style.size)
    assert 20 < layout.style.size < 100
    assert layout.style.stroke is not None
    assert layout.style.background is not None
    assert expected.stroke is not None
    assert expected.background is not None
    assert layout.style.stroke.width == pytest.approx(expected.stroke.width)
    assert layout.style.background.padding_x == pytest.approx(expected.background.padding_x)
    line = layout.lines[0]
    assert line.right - line.left + 2 * layout.style.background.padding_x <= 300.01


def test_new_lines_are_kept_and_empty_lines_have_height() -> None:
    layout = lay_out("one\r\n\r\nthree", size=50, line_height=1.2)
    assert line_texts(layout) == ["one", "", "three"]
    assert layout.height == pytest.approx(180)


def test_a_word_wider_than_the_line_is_broken_but_never_within_a_cluster() -> None:
    text = "e\u0301" * 30 + "👩‍👩‍👧‍👦" * 3
    layout = lay_out(text, 200, size=40)
    assert len(layout.lines) > 2
    assert all(line.right - line.left <= 200.01 for line in layout.lines)
    assert not any(layout.text[line.start : line.end].startswith(("\u0301", "\u200d")) for line in layout.lines)
    assert sum(line_text.count("👩‍👩‍👧‍👦") for line_text in line_texts(layout)) == 3


def test_a_box_narrower_than_a_letter_has_a_line_for_each_letter_and_none_for_spaces() -> None:
    layout = lay_out("far too", 20, size=48)
    assert [text.strip() for text in line_texts(layout)] == ["f", "a", "r", "t", "o", "o"]
    assert layout.overflows


def test_too_many_lines_end_in_an_ellipsis() -> None:
    layout = lay_out("This text is far too long for two lines of this width", 300, size=40, max_lines=2)
    assert len(layout.lines) == 2
    assert layout.is_cut
    assert line_texts(layout)[-1].endswith("…")
    assert all(line.right - line.left <= 300.01 for line in layout.lines)


def test_text_shrinks_until_it_fits_and_not_further() -> None:
    smallest = TextStyle(size=8)
    sizes = [
        lay_out("Fit this into the box", 300, height, size=200, smallest=smallest).style.size
        for height in (60, 120, 240)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    assert not lay_out("Fit this into the box", 300, 120, size=sizes[1]).overflows
    assert lay_out("Fit this into the box", 300, 120, size=sizes[1] + 0.5).overflows


def test_text_that_cannot_shrink_enough_overflows() -> None:
    assert lay_out("word " * 200, 100, 20, size=40, smallest=TextStyle(size=20)).overflows


@pytest.mark.parametrize(("align", "share"), [("left", 0.0), ("center", 0.5), ("right", 1.0), ("end", 1.0)])
def test_lines_are_aligned_in_their_box(align: str, share: float) -> None:
    line = lay_out("short", 500, align=align).lines[0]
    free = 500 - (line.right - line.left)
    assert line.left == pytest.approx(share * free)


def test_start_is_on_the_right_for_right_to_left_text() -> None:
    line = lay_out("שלום", 500, align="start").lines[0]
    assert line.right == pytest.approx(500)


def test_all_justified_lines_but_the_last_reach_both_edges() -> None:
    layout = lay_out("Some words that are wrapped to a few lines of equal width", 300, size=32, align="justify")
    assert [edge for line in layout.lines[:-1] for edge in (line.left, line.right)] == pytest.approx(
        [0, 300] * (len(layout.lines) - 1)
    )
    assert layout.lines[-1].right < 299
    for number in range(len(layout.lines)):
        last = max(glyph.right for glyph in layout.glyphs if glyph.line == number)
        assert last == pytest.approx(layout.lines[number].right)


@pytest.mark.parametrize(("vertical_align", "top"), [("top", 0), ("center", 76), ("bottom", 152)])
def test_lines_are_aligned_vertically(vertical_align: str, top: float) -> None:
    assert lay_out("x", 100, 200, size=40, vertical_align=vertical_align).lines[0].top == pytest.approx(top)


def test_the_padding_of_a_background_is_part_of_the_box() -> None:
    bare = lay_out("padded")
    padded = lay_out("padded", background=Background((0, 0, 0, 1), 20, 10))
    assert [padded.width, padded.height] == pytest.approx([bare.width + 40, bare.height + 20])
    assert padded.glyphs[0].x == pytest.approx(bare.glyphs[0].x + 20)


def test_hebrew_is_right_to_left_and_its_numbers_left_to_right() -> None:
    assert visual_text(lay_out("אבג 123 דה")) == "הד 123 גבא"
    assert visual_text(lay_out("abc אבג def")) == "abc גבא def"
    assert visual_text(lay_out("abc אבג", direction="rtl")) == "גבא abc"


def test_arabic_letters_join() -> None:
    # Dots are glyphs without a width, and the same everywhere.
    alone = {glyph.index for letter in "بيت" for glyph in lay_out(letter).glyphs if glyph.right > glyph.left}
    joined = {glyph.index for glyph in lay_out("بيت").glyphs if glyph.right > glyph.left}
    assert len(joined) == 3
    assert not alone & joined


def test_devanagari_vowels_go_before_their_consonant() -> None:
    layout = lay_out("कि")
    assert {glyph.start for glyph in layout.glyphs} == {0}
    assert all(glyph.font.face.family == "Noto Sans Devanagari" and glyph.index for glyph in layout.glyphs)


@pytest.mark.parametrize("emoji", ["👩‍👩‍👧‍👦", "❤️", "🇩🇪", "👍🏽", "#️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_an_emoji_is_one_glyph_of_the_color_font(emoji: str) -> None:
    layout = lay_out(f"a{emoji}b")
    fonts = [glyph.font.face.is_color for glyph in layout.glyphs]
    assert fonts == [False, True, False]
    assert [glyph.start for glyph in layout.glyphs] == [0, 1, 1 + len(emoji)]


def test_emoji_stay_whole_in_right_to_left_text() -> None:
    layout = lay_out("שלום 👩‍👩‍👧‍👦👍🏽🇩🇪🇫🇷")
    emoji = [glyph for glyph in layout.glyphs if glyph.font.face.is_color]
    # Letters of flags are of the left-to-right kind.
    starts = [layout.text.index(cluster) for cluster in ("🇩🇪", "🇫🇷", "👍🏽", "👩‍👩‍👧‍👦")]
    assert [glyph.start for glyph in emoji] == starts


def test_isolated_text_keeps_its_own_direction() -> None:
    visual = visual_text(lay_out("a \u2067אב 1\u2069, b"))
    assert "".join(letter for letter in visual if letter.isprintable()) == "a 1 בא, b"


def test_digits_and_marks_of_text_presentation_are_not_emoji() -> None:
    assert not any(glyph.font.face.is_color for glyph in lay_out("0 1 # ❤\ufe0e ©").glyphs)


@pytest.mark.parametrize(
    ("transform", "text"),
    [("uppercase", "STRASSE IT'S"), ("capitalize", "Straße It's"), ("lowercase", "straße it's")],
)
def test_letters_change_case(transform: str, text: str) -> None:
    assert lay_out("straße it's", transform=transform).text == text


def test_empty_text_and_spaces_have_the_height_of_a_line_and_no_width() -> None:
    for text in ("", "   ", "\u200b"):
        layout = lay_out(text, size=40)
        assert math.isclose(layout.height, 48)
        assert layout.width <= 0.01
