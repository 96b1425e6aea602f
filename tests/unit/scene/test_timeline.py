"""Timing requests of one list become start and end times."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.timeline import Span, TimingRequest, canvas_duration, frame_at, list_duration, schedule


def _wish(id: str, **asked: Any) -> TimingRequest:  # noqa: A002 - reads as in a composition
    return TimingRequest(f"layers[{id}]", id, **asked)


def _placed(*requests: TimingRequest, length_s: float | None = None) -> list[tuple[float, float]]:
    spans = schedule(requests, canvas_duration(requests) if length_s is None else length_s)
    return [(span.start_s, span.end_s) for span in spans]


def test_a_clip_lasts_as_long_as_it_is_and_a_title_as_long_as_the_canvas() -> None:
    clip, title = _wish("clip", natural_s=6.0), _wish("title", start_s=1.0)

    assert _placed(clip, title) == [(0.0, 6.0), (1.0, 6.0)]


def test_a_layer_starts_after_one_that_stands_below_it_in_the_list() -> None:
    assert _placed(_wish("b", after=1, length=2.0), _wish("a", start_s=1.0, length=3.0)) == [
        (4.0, 6.0),
        (1.0, 4.0),
    ]


def test_a_cross_fade_starts_before_the_other_layer_ends() -> None:
    spans = schedule((_wish("a", length=4.0), _wish("b", after=0, crossfade_s=0.5, length=2.0)), 10.0)

    assert spans == (Span(0.0, 4.0), Span(3.5, 5.5, crossfade_from=0))


def test_pictures_in_a_row_without_lengths_take_five_seconds_each() -> None:
    assert _placed(_wish("a"), _wish("b", after=0), _wish("c", after=1)) == [(0, 5), (5, 10), (10, 15)]


def test_what_starts_when_all_else_is_over_is_still_seen() -> None:
    assert _placed(_wish("clip", natural_s=3.0), _wish("end card", after=0)) == [(0, 3), (3, 8)]


def test_music_until_the_end_does_not_make_the_canvas_longer() -> None:
    music = _wish("music", start_s=30.0, length="end", is_audio_only=True)

    assert canvas_duration((_wish("clip", natural_s=3.0), music)) == 3.0


def test_music_of_its_own_length_does() -> None:
    assert canvas_duration((_wish("cover"), _wish("song", natural_s=200.0, is_audio_only=True))) == 200.0


def test_nothing_with_a_length_gives_a_list_none() -> None:
    assert list_duration((_wish("a"), _wish("b", length="end"))) is None


def test_nothing_lasts_longer_than_the_canvas() -> None:
    assert _placed(_wish("clip", natural_s=60.0), _wish("late", start_s=12.0), length_s=10.0) == [
        (0, 10),
        (10, 10),
    ]


@pytest.mark.parametrize(
    ("requests", "code", "field", "says"),
    [
        (
            (_wish("a", after=1), _wish("b", after=2), _wish("c", after=0)),
            "circular_start",
            "layers[a].start",
            '"a" → "b" → "c" → "a"',
        ),
        ((_wish("a", after=0),), "circular_start", "layers[a].start", '"a" → "a"'),
        (
            (_wish("a", length="end"), _wish("b", after=0)),
            "starts_after_end",
            "layers[a].duration",
            "until the end",
        ),
        (
            (_wish("a", length=0.5), _wish("b", after=0, crossfade_s=1.0, length=2.0)),
            "transition_too_long",
            "layers[b].transition.in.duration",
            "0.5 s",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_start_that_cannot_be_is_explained(
    requests: tuple[TimingRequest, ...], code: str, field: str, says: str
) -> None:
    with pytest.raises(InvalidJob) as caught:
        canvas_duration(requests)

    assert (caught.value.code, caught.value.where) == (code, {"field": field})
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_frames_are_counted_half_up() -> None:
    fps = Fraction(30)

    assert [frame_at(t, fps) for t in (0.0, 0.0166, 1 / 60, 0.1 + 0.2, 2.55)] == [0, 0, 1, 9, 77]
    assert frame_at(10.01, Fraction(30000, 1001)) == 300
