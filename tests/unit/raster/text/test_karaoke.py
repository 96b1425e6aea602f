"""Words that are highlighted while they are spoken."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.scene.content import Cue, SubtitlesContent, Word
from ffmpeg_worker.scene.text_style import Background, Highlight, TextStyle
from support.media.text_sources import LIBRARY, on_canvas

RED, WHITE = (1.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)


def subtitles(*cues: Cue, **style: Any) -> SubtitlesSource:
    return SubtitlesSource(SubtitlesContent(cues, TextStyle(**style), 600), None, None, LIBRARY)


def spoken(text: str, mode: Literal["word", "fill", "appear"] = "word", **look: Any) -> SubtitlesSource:
    """Return subtitles whose words take one second each, from second 1."""
    words = tuple(Word(word, 1.0 + index, 2.0 + index) for index, word in enumerate(text.split()))
    cue = Cue(0.5, 2.0 + len(words), text, words)
    return subtitles(cue, highlight=Highlight(RED, mode=mode, **look))


def rendered(source: SubtitlesSource, time_s: float) -> npt.NDArray[np.float64]:
    bitmap = source.render(time_s)
    assert bitmap is not None
    return on_canvas(bitmap, source.size)


def red(pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much of each pixel is red and not white."""
    return pixels[..., 0] - pixels[..., 1]


def test_only_the_spoken_word_is_highlighted() -> None:
    source = spoken("alpha beta gamma")
    assert red(rendered(source, 0.7)).max() == 0
    middles = []
    for time in (1.5, 2.5, 3.5):
        columns = np.flatnonzero(red(rendered(source, time)).max(axis=0) > 0.5)
        middles.append(columns.mean())
    assert middles == sorted(middles)
    assert source.render(1.2) is source.render(1.8)


def test_a_highlight_lasts_only_through_short_pauses() -> None:
    words = (Word("one", 0, 1), Word("two", 1.2, 2), Word("three", 3, 4))
    source = subtitles(Cue(0, 5, "one two three", words), highlight=Highlight(RED))
    assert source.render(1.1) is source.render(0.5)
    assert red(rendered(source, 2.5)).max() == 0


@pytest.mark.parametrize(("text", "is_rtl"), [("sing along now", False), ("שלום עולם טוב", True)])
def test_words_are_filled_in_the_direction_of_the_text(text: str, is_rtl: bool) -> None:
    source = spoken(text, "fill")
    frames = [red(rendered(source, 1 + step / 10)) for step in range(31)]
    areas = [frame.sum() for frame in frames]
    assert areas == sorted(areas)
    assert areas[0] == 0
    assert areas[5] > 0
    filled = np.flatnonzero(frames[15].max(axis=0) > 0.5)
    everything = np.flatnonzero(frames[30].max(axis=0) > 0.5)
    if is_rtl:
        assert abs(filled[-1] - everything[-1]) <= 1
        assert filled[0] > everything[0] + 20
    else:
        assert abs(filled[0] - everything[0]) <= 1
        assert filled[-1] < everything[-1] - 20


def test_words_appear_when_they_are_spoken() -> None:
    source = spoken("one two three", "appear")
    areas = [rendered(source, time)[..., 3].sum() for time in (0.7, 1.5, 2.5, 3.5)]
    assert areas[0] == 0
    assert all(later > before * 1.2 for before, later in itertools.pairwise(areas[1:]))


def test_the_highlighted_word_grows_and_has_a_box() -> None:
    plain, grown = rendered(spoken("alpha beta gamma"), 2.5), rendered(spoken("alpha beta gamma", scale=1.5), 2.5)
    heights = [np.ptp(np.flatnonzero(red(pixels).max(axis=1) > 0.5)) for pixels in (plain, grown)]
    assert heights[1] == pytest.approx(heights[0] * 1.5, abs=2)
    boxed = rendered(spoken("alpha beta gamma", background=Background((0, 0, 1, 1), 4, 2)), 2.5)
    blue = (boxed[..., 2] == 1) & (boxed[..., 0] == 0)
    columns = np.flatnonzero(blue.any(axis=0))
    assert columns[0] < np.flatnonzero(red(plain).max(axis=0) > 0.5)[0]
    assert columns[-1] > np.flatnonzero(red(plain).max(axis=0) > 0.5)[-1]


def test_a_grown_word_pushes_the_others_of_its_line_aside() -> None:
    def gaps(scale: float, time_s: float) -> list[int]:
        inked = np.flatnonzero(rendered(spoken("nnnn nnnnnn nnnn", scale=scale), time_s)[..., 3].max(axis=0) > 0.1)
        steps = np.diff(inked)
        return [int(step) for step in sorted(steps)[-2:]]

    plain = gaps(1.0, 2.5)
    for scale in (1.12, 1.5):
        # The sides of letters grow with them.
        assert all(before <= after <= before + 4 for before, after in zip(plain, gaps(scale, 2.5), strict=True))


@pytest.mark.parametrize(("align", "edge"), [("left", 0), ("right", -1)])
def test_a_line_that_grows_keeps_its_aligned_edge(align: str, edge: int) -> None:
    words = tuple(Word(word, 1.0 + index, 2.0 + index) for index, word in enumerate(["nnnn", "nnnnnn", "nnnn"]))
    source = subtitles(Cue(0.5, 5.0, "nnnn nnnnnn nnnn", words), align=align, highlight=Highlight(RED, scale=1.4))
    edges = [np.flatnonzero(rendered(source, time)[..., 3].max(axis=0) > 0.5)[edge] for time in (0.7, 2.5)]
    assert edges[0] == pytest.approx(edges[1], abs=1)


def test_words_grow_within_a_few_frames_and_then_rest() -> None:
    source = spoken("alpha beta gamma", scale=1.5)
    frames = [red(rendered(source, 2 + step / 60)) for step in range(1, 9)]
    heights = [np.ptp(np.flatnonzero(frame.max(axis=1) > 0.5)) for frame in frames]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1] - 2
    assert source.render(2.2) is source.render(2.9)


def test_a_word_shrinks_when_the_next_one_begins_although_it_is_still_spoken() -> None:
    words = (Word("alpha", 0, 3), Word("beta", 1, 3))
    source = subtitles(Cue(0, 3, "alpha beta", words), highlight=Highlight(scale=1.5))
    alone = subtitles(Cue(0, 3, "alpha beta", (Word("alpha", 0, 1), words[1])), highlight=Highlight(scale=1.5))
    assert np.array_equal(rendered(source, 2), rendered(alone, 2))


def test_words_of_simultaneous_cues_are_highlighted_in_order_of_time() -> None:
    upper = Cue(0, 4, "same word", (Word("same", 0, 1), Word("word", 2, 3)))
    lower = Cue(0, 4, "word same", (Word("word", 1, 2), Word("same", 3, 4)))
    source = subtitles(upper, lower, highlight=Highlight(RED))
    centers = []
    for time in (0.5, 1.5, 2.5, 3.5):
        rows, columns = np.nonzero(red(rendered(source, time)) > 0.5)
        centers.append((rows.mean(), columns.mean()))
    assert centers[0][0] == pytest.approx(centers[2][0], abs=6)
    assert centers[1][0] > centers[0][0] + 20
    assert centers[0][1] < centers[2][1]
    assert centers[1][1] < centers[3][1]


@pytest.mark.parametrize("text", ["สวัสดีครับยินดีต้อนรับ", "Hello there you", "नमस्ते दुनिया आज"])
def test_words_without_times_share_those_of_the_cue(text: str) -> None:
    source = subtitles(Cue(2, 5, text), highlight=Highlight(RED))
    middles = []
    for time in (2.1, 3.5, 4.9):
        columns = np.flatnonzero(red(rendered(source, time)).max(axis=0) > 0.5)
        middles.append(columns.mean())
    assert middles == sorted(middles)
    assert middles[0] < middles[-1] - 30


def test_syllables_are_filled_at_their_own_times() -> None:
    words = (Word("Ka", 0, 3), Word("raoke", 3, 4))
    source = subtitles(Cue(0, 4, "Karaoke", words), highlight=Highlight(RED, mode="fill"))
    widths = [len(np.flatnonzero(red(rendered(source, time)).max(axis=0) > 0.5)) for time in (2.9, 3.9)]
    assert widths[0] < 0.45 * widths[1]


def test_words_that_appear_fade_in() -> None:
    source = spoken("one two", "appear")
    alphas = [rendered(source, 1 + step / 60)[..., 3].max() for step in (1, 3, 9)]
    assert alphas[0] < alphas[1] < alphas[2] == 1


def test_spoken_words_have_their_own_color() -> None:
    source = spoken("alpha beta gamma", said=(0.0, 0.0, 1.0, 1.0))
    last = rendered(source, 3.5)
    blue = np.flatnonzero(((last[..., 2] > 0.9) & (last[..., 0] < 0.1)).any(axis=0))
    assert blue[-1] < np.flatnonzero(red(last).max(axis=0) > 0.5)[0]


def test_words_in_capitals_and_unknown_words_do_not_shift_the_highlight() -> None:
    words = (Word("straße", 0, 1), Word("missing", 1, 2), Word("ende", 2, 3))
    source = subtitles(Cue(0, 3, "Straße Ende".lower(), words), transform="uppercase", highlight=Highlight(RED))
    assert red(rendered(source, 1.5)).max() == 0
    columns = np.flatnonzero(red(rendered(source, 2.5)).max(axis=0) > 0.5)
    assert columns[0] > np.flatnonzero(red(rendered(source, 0.5)).max(axis=0) > 0.5)[-1]
