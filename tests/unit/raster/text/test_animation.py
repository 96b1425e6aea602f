"""Animations of letters, words and lines."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from ffmpeg_worker.raster.text.animation import Animation
from ffmpeg_worker.scene.text_style import Background, Shadow, Stroke, TextAnimation
from support.media.text_sources import on_canvas, text_source

NAMES = ["fade", "typewriter", "slide-up", "slide-down", "pop", "wave"]


def animation(name: Any, by: Any = "letter", *, leaves: bool = False) -> TextAnimation:
    return TextAnimation(name, by, 0.4, 0.1, 5.0, leaves)


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


def test_words_move_in_reading_order_each_with_the_space_after_it() -> None:
    layout = text_source("one two שלום three", align="left").layout
    units = [unit for unit, _ in Animation(animation("fade", "word"), layout).transforms(0.0) or ()]
    texts = ["".join(layout.text[glyph.start] for glyph in unit) for unit in units]
    assert texts == ["one ", "two ", "שלום ", "three"]
    assert [{glyph.is_rtl for glyph in unit if layout.text[glyph.start] != " "} for unit in units] == [
        *({False}, {False}, {True}, {False})
    ]
    edges = [(min(glyph.left for glyph in unit), max(glyph.right for glyph in unit)) for unit in units]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(edges))


def test_a_typewriter_draws_again_only_for_new_letters() -> None:
    source = text_source("typed", animation=animation("typewriter"))
    assert source.render(0.12) is source.render(0.18)
    assert source.render(0.18) is not source.render(0.22)


@pytest.mark.parametrize("name", ["fade", "typewriter", "slide-up", "slide-down", "pop"])
def test_letters_appear_and_disappear_one_after_the_other(name: str) -> None:
    def visible(*, leaves: bool) -> list[float]:
        source = text_source("abcdefgh", animation=animation(name, leaves=leaves))
        times = [3.0, 4.0, 4.3, 4.6, 4.8, 5.0] if leaves else [0.0, 0.2, 0.5, 0.8, 1.0, 2.0]
        return [float(source.render(time).rgba[..., 3].sum()) for time in times]

    arriving, leaving = visible(leaves=False), visible(leaves=True)
    assert arriving == sorted(arriving)
    assert leaving == sorted(leaving, reverse=True)
    assert arriving[0] == leaving[-1] == 0
    assert arriving[-1] == leaving[0]


def test_a_background_appears_with_the_first_letters() -> None:
    look = Background((0, 0, 0, 1), 4, 4)
    source = text_source("abc", color=(0, 0, 0, 0), background=look, animation=animation("fade"))
    opacities = [source.render(time).rgba[..., 3].max() for time in (0.0, 0.1, 0.4)]
    assert opacities[0] == 0
    assert 0 < opacities[1] < 255
    assert opacities[2] == 255


def test_slide_up_starts_below() -> None:
    def middle(name: str) -> float:
        source = text_source("x", animation=animation(name))
        alpha = on_canvas(source.render(0.1), source.size)[..., 3].sum(axis=1)
        return float(np.average(np.arange(len(alpha)), weights=alpha))

    assert middle("slide-up") > middle("fade") + 5
    assert middle("slide-down") < middle("fade") - 5
