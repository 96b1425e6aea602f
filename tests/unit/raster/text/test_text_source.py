"""Text sources draw text again only when it changes."""

from __future__ import annotations

import numpy as np

from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.text_style import Stroke
from support.media.text_sources import text_source

RED, WHITE = (1.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)


def test_still_text_is_drawn_once() -> None:
    source = text_source("Still", stroke=Stroke(RED, 2))
    assert source.render(0) is source.render(7.5)


def test_text_is_drawn_again_only_while_its_color_changes() -> None:
    curve = Curve((Key(1, WHITE), Key(2, RED)))
    source = text_source("Color", color=curve, stroke=Stroke((0, 0, 0, 1), 2))
    first, later = source.render(0), source.render(1.5)
    assert source.render(1) is not later
    assert source.render(3) is source.render(9)
    at_end = text_source("Color", color=RED, stroke=Stroke((0, 0, 0, 1), 2)).render(0)
    assert np.array_equal(source.render(9).rgba, at_end.rgba)
    assert np.array_equal(first.rgba[..., 3], later.rgba[..., 3])
