"""Any timing of layers resolves to a consistent timeline, or is refused with a reason."""

from __future__ import annotations

from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.timeline import Span, TimingRequest, canvas_duration, schedule
from support.extent import examples

_IDS = "abcdef"
_seconds = st.floats(0, 50, allow_nan=False).map(lambda value: round(value, 3))
_length: st.SearchStrategy[float | Literal["auto", "end"]] = st.one_of(
    st.just("auto"), st.just("end"), st.floats(0.1, 30).map(lambda value: round(value, 3))
)


@st.composite
def _timing_requests(draw: st.DrawFn) -> tuple[TimingRequest, ...]:
    count = draw(st.integers(1, len(_IDS)))
    return tuple(
        TimingRequest(
            where=f"layers[{index}]",
            id=_IDS[index],
            start_s=draw(_seconds),
            after=draw(st.none() | st.integers(0, count - 1)),
            crossfade_s=draw(st.just(0.0) | st.floats(0.01, 2)),
            length=draw(_length),
            natural_s=draw(st.none() | st.floats(0.1, 60)),
            is_audio_only=draw(st.booleans()),
        )
        for index in range(count)
    )


@given(_timing_requests(), st.none() | st.floats(0.1, 40))
@settings(max_examples=examples(400), deadline=None)
def test_times_lie_on_the_canvas_and_follow_each_other(
    requests: tuple[TimingRequest, ...], given_s: float | None
) -> None:
    try:
        length = canvas_duration(requests)
        spans = schedule(requests, given_s or length)
    except InvalidJob as error:
        refused = error
    else:
        _check_placed(requests, spans, given_s or length)
        return
    assert refused.code in {"circular_start", "starts_after_end", "transition_too_long"}
    assert refused.hint


def _check_placed(requests: tuple[TimingRequest, ...], spans: tuple[Span, ...], length: float) -> None:
    assert length > 0
    for request, span in zip(requests, spans, strict=True):
        assert 0 <= span.start_s <= span.end_s <= length
        if request.after is not None:
            _check_follows(span, spans[request.after], request.crossfade_s, length)


def _check_follows(span: Span, before: Span, crossfade_s: float, length: float) -> None:
    if span.start_s < length:
        assert abs(span.start_s - max(0.0, before.end_s - crossfade_s)) < 1e-9 or before.end_s == length
        assert span.start_s >= before.start_s
