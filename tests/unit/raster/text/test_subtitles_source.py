"""Subtitles: when cues are shown, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.text.subtitles_source import SubtitlesSource
from ffmpeg_worker.scene.content import Cue, SubtitlesContent
from ffmpeg_worker.scene.text_style import TextStyle
from support.media.text_sources import LIBRARY, on_canvas


def subtitles(*cues: Cue, **style: Any) -> SubtitlesSource:
    return SubtitlesSource(SubtitlesContent(cues, TextStyle(**style), 600), None, None, LIBRARY)


def rendered(source: SubtitlesSource, time_s: float) -> npt.NDArray[np.float64]:
    bitmap = source.render(time_s)
    assert bitmap is not None
    return on_canvas(bitmap, source.size)


def test_cues_are_shown_from_their_begin_to_their_end() -> None:
    source = subtitles(Cue(1, 2, "one"), Cue(2, 3, "two"), Cue(5, 6, "three"))
    assert source.render(0.99) is None
    assert source.render(1) is source.render(1.99)
    assert source.render(2) is not source.render(1.5)
    assert source.render(3) is None
    assert source.render(5.5) is not None
    assert source.render(1.2) is not None


def test_simultaneous_cues_are_stacked() -> None:
    source = subtitles(Cue(0, 9, "long"), Cue(1, 2, "short"), size=40, line_height=1.0)
    alone, together = rendered(source, 0.5), rendered(source, 1.5)
    assert together[..., 3].sum() > alone[..., 3].sum() * 1.5
    assert np.ptp(np.flatnonzero(together[..., 3].sum(axis=1))) > 40
    assert np.array_equal(rendered(source, 3), alone)


@pytest.mark.parametrize(("place", "rows"), [("top", (0, 80)), ("bottom", (-40, 40))])
def test_longer_cues_extend_beyond_the_box_of_one_line(place: str, rows: tuple[int, int]) -> None:
    source = subtitles(Cue(0, 1, "first\nsecond"), size=40, line_height=1.0, vertical_align=place)
    assert source.size == (600, 40)
    lines = np.flatnonzero(rendered(source, 0)[..., 3].sum(axis=1)) - 64
    assert rows[0] <= lines[0] < lines[-1] <= rows[1] + 2


def test_bitmaps_of_past_cues_are_released() -> None:
    source = subtitles(*(Cue(index, index + 1, f"cue {index}") for index in range(50)))
    first = source.render(0)
    for index in range(50):
        source.render(index)
    assert source.render(0) is not first
