"""Text that changes with time: colours, animations, subtitles and words that are said."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Cue, SubtitlesContent, Word
from ffmpeg_worker.scene.text_style import Background, Highlight, Shadow, Stroke, TextAnimation, TextStyle
from support.media.text_sources import LIBRARY, on_canvas, text_source

RED, WHITE = (1.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)
NAMES = ["fade", "typewriter", "slide-up", "slide-down", "pop", "wave"]


def animation(name: Any, by: Any = "letter", *, leaves: bool = False) -> TextAnimation:
    return TextAnimation(name, by, 0.4, 0.1, 5.0, leaves)


def subtitles(*cues: Cue, **style: Any) -> SubtitlesSource:
    return SubtitlesSource(SubtitlesContent(cues, TextStyle(**style), 600), None, None, LIBRARY)


def said(text: str, mode: Literal["word", "fill", "appear"] = "word", **look: Any) -> SubtitlesSource:
    """A second for each word, from second 1."""
    words = tuple(Word(word, 1.0 + index, 2.0 + index) for index, word in enumerate(text.split()))
    cue = Cue(0.5, 2.0 + len(words), text, words)
    return subtitles(cue, highlight=Highlight(RED, mode=mode, **look))


def seen(source: SubtitlesSource, time_s: float) -> npt.NDArray[np.float64]:
    tile = source.render(time_s)
    assert tile is not None
    return on_canvas(tile, source.size)


def red(picture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much of each pixel is red and not white."""
    return picture[..., 0] - picture[..., 1]


def test_text_that_stands_still_is_one_tile() -> None:
    source = text_source("Still", stroke=Stroke(RED, 2))
    assert source.render(0) is source.render(7.5)


def test_a_colour_changes_and_stays_where_its_curve_does() -> None:
    curve = Curve((Key(1, WHITE), Key(2, RED)))
    source = text_source("Color", colour=curve, stroke=Stroke((0, 0, 0, 1), 2))
    first, later = source.render(0), source.render(1.5)
    assert source.render(1) is not later
    assert source.render(3) is source.render(9)
    at_end = text_source("Color", colour=RED, stroke=Stroke((0, 0, 0, 1), 2)).render(0)
    assert np.array_equal(source.render(9).rgba, at_end.rgba)
    assert np.array_equal(first.rgba[..., 3], later.rgba[..., 3])


@pytest.mark.parametrize("by", ["letter", "word", "line"])
@pytest.mark.parametrize("name", NAMES)
def test_an_animation_moves_and_ends_in_the_still_text(name: str, by: str) -> None:
    style: dict[str, Any] = {"stroke": Stroke((0, 0, 0, 1), 2), "shadows": (Shadow((0, 0, 0, 1), 2, 2, 4),)}
    source = text_source("Moving text\nof lines 👍🏽", animation=animation(name, by), **style)
    still = text_source("Moving text\nof lines 👍🏽", **style).render(0)
    frames = [source.render(step / 20) for step in range(1, 12)]
    assert len({frame.rgba.tobytes() for frame in frames}) > (1 if name == "typewriter" else 5)
    end = source.render(4)
    assert np.array_equal(end.rgba, still.rgba)
    assert end.offset == still.offset
    assert source.render(4.5) is end


def test_a_typewriter_draws_anew_for_new_letters_only() -> None:
    source = text_source("typed", animation=animation("typewriter"))
    assert source.render(0.12) is source.render(0.18)
    assert source.render(0.18) is not source.render(0.22)


@pytest.mark.parametrize("name", ["fade", "typewriter", "slide-up", "slide-down", "pop"])
def test_letters_come_one_after_the_other_and_leave_so_too(name: str) -> None:
    def visible(*, leaves: bool) -> list[float]:
        source = text_source("abcdefgh", animation=animation(name, leaves=leaves))
        times = [3.0, 4.0, 4.3, 4.6, 4.8, 5.0] if leaves else [0.0, 0.2, 0.5, 0.8, 1.0, 2.0]
        return [float(source.render(time).rgba[..., 3].sum()) for time in times]

    arriving, leaving = visible(leaves=False), visible(leaves=True)
    assert arriving == sorted(arriving)
    assert leaving == sorted(leaving, reverse=True)
    assert arriving[0] == leaving[-1] == 0
    assert arriving[-1] == leaving[0]


def test_a_background_comes_with_the_first_letters() -> None:
    look = Background((0, 0, 0, 1), 4, 4)
    source = text_source("abc", colour=(0, 0, 0, 0), background=look, animation=animation("fade"))
    opacities = [source.render(time).rgba[..., 3].max() for time in (0.0, 0.1, 0.4)]
    assert opacities[0] == 0
    assert 0 < opacities[1] < 255
    assert opacities[2] == 255


def test_sliding_up_comes_from_below() -> None:
    def middle(name: str) -> float:
        source = text_source("x", animation=animation(name))
        alpha = on_canvas(source.render(0.1), source.size)[..., 3].sum(axis=1)
        return float(np.average(np.arange(len(alpha)), weights=alpha))

    assert middle("slide-up") > middle("fade") + 5
    assert middle("slide-down") < middle("fade") - 5


def test_cues_are_shown_from_their_begin_to_their_end() -> None:
    source = subtitles(Cue(1, 2, "one"), Cue(2, 3, "two"), Cue(5, 6, "three"))
    assert source.render(0.99) is None
    assert source.render(1) is source.render(1.99)
    assert source.render(2) is not source.render(1.5)
    assert source.render(3) is None
    assert source.render(5.5) is not None
    assert source.render(1.2) is not None


def test_cues_at_one_time_stand_below_each_other() -> None:
    source = subtitles(Cue(0, 9, "long"), Cue(1, 2, "short"), size=40, line_height=1.0)
    alone, together = seen(source, 0.5), seen(source, 1.5)
    assert together[..., 3].sum() > alone[..., 3].sum() * 1.5
    assert np.ptp(np.flatnonzero(together[..., 3].sum(axis=1))) > 40
    assert np.array_equal(seen(source, 3), alone)


@pytest.mark.parametrize(("place", "rows"), [("top", (0, 80)), ("bottom", (-40, 40))])
def test_longer_cues_reach_out_of_the_box_of_one_line(place: str, rows: tuple[int, int]) -> None:
    source = subtitles(Cue(0, 1, "first\nsecond"), size=40, line_height=1.0, vertical_align=place)
    assert source.size == (600, 40)
    lines = np.flatnonzero(seen(source, 0)[..., 3].sum(axis=1)) - 64
    assert rows[0] <= lines[0] < lines[-1] <= rows[1] + 2


def test_many_cues_do_not_keep_their_tiles() -> None:
    source = subtitles(*(Cue(index, index + 1, f"cue {index}") for index in range(50)))
    first = source.render(0)
    for index in range(50):
        source.render(index)
    assert source.render(0) is not first


def test_the_word_that_is_said_is_marked_alone() -> None:
    source = said("alpha beta gamma")
    assert red(seen(source, 0.7)).max() == 0
    middles = []
    for time in (1.5, 2.5, 3.5):
        columns = np.flatnonzero(red(seen(source, time)).max(axis=0) > 0.5)
        middles.append(columns.mean())
    assert middles == sorted(middles)
    assert source.render(1.2) is source.render(1.8)


def test_a_pause_takes_the_mark_away_unless_it_is_short() -> None:
    words = (Word("one", 0, 1), Word("two", 1.2, 2), Word("three", 3, 4))
    source = subtitles(Cue(0, 5, "one two three", words), highlight=Highlight(RED))
    assert source.render(1.1) is source.render(0.5)
    assert red(seen(source, 2.5)).max() == 0


@pytest.mark.parametrize(("text", "is_rtl"), [("sing along now", False), ("שלום עולם טוב", True)])
def test_filled_words_grow_in_the_direction_of_the_text(text: str, is_rtl: bool) -> None:
    source = said(text, "fill")
    frames = [red(seen(source, 1 + step / 10)) for step in range(31)]
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


def test_words_appear_when_they_are_said() -> None:
    source = said("one two three", "appear")
    areas = [seen(source, time)[..., 3].sum() for time in (0.7, 1.5, 2.5, 3.5)]
    assert areas[0] == 0
    assert all(later > before * 1.2 for before, later in itertools.pairwise(areas[1:]))


def test_the_marked_word_grows_and_has_a_box() -> None:
    plain, grown = seen(said("alpha beta gamma"), 2.5), seen(said("alpha beta gamma", scale=1.5), 2.5)
    heights = [np.ptp(np.flatnonzero(red(picture).max(axis=1) > 0.5)) for picture in (plain, grown)]
    assert heights[1] == pytest.approx(heights[0] * 1.5, abs=2)
    boxed = seen(said("alpha beta gamma", background=Background((0, 0, 1, 1), 4, 2)), 2.5)
    blue = (boxed[..., 2] == 1) & (boxed[..., 0] == 0)
    columns = np.flatnonzero(blue.any(axis=0))
    assert columns[0] < np.flatnonzero(red(plain).max(axis=0) > 0.5)[0]
    assert columns[-1] > np.flatnonzero(red(plain).max(axis=0) > 0.5)[-1]


def test_words_that_were_said_have_their_own_colour() -> None:
    source = said("alpha beta gamma", said=(0.0, 0.0, 1.0, 1.0))
    last = seen(source, 3.5)
    blue = np.flatnonzero(((last[..., 2] > 0.9) & (last[..., 0] < 0.1)).any(axis=0))
    assert blue[-1] < np.flatnonzero(red(last).max(axis=0) > 0.5)[0]


def test_words_in_capitals_and_unknown_words_do_not_shift_the_marks() -> None:
    words = (Word("straße", 0, 1), Word("missing", 1, 2), Word("ende", 2, 3))
    source = subtitles(Cue(0, 3, "Straße Ende".lower(), words), transform="uppercase", highlight=Highlight(RED))
    assert red(seen(source, 1.5)).max() == 0
    columns = np.flatnonzero(red(seen(source, 2.5)).max(axis=0) > 0.5)
    assert columns[0] > np.flatnonzero(red(seen(source, 0.5)).max(axis=0) > 0.5)[-1]
