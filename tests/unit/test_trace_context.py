"""Trace context: what is read from headers, and what is passed on."""

from __future__ import annotations

import json
import logging
from io import StringIO

import pytest

from ffmpeg_worker.logs import JsonLines, log
from ffmpeg_worker.trace_context import current_trace, open_trace, read_trace, tracing

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALID = f"00-{TRACE}-{PARENT}-01"


def test_a_trace_goes_on_with_an_id_of_its_own() -> None:
    trace = read_trace([VALID], ["rojo=00f0, congo=t6 1", "a@b=c"])
    assert trace is not None
    assert (trace.trace_id, trace.flags, trace.state) == (TRACE, "01", "rojo=00f0,congo=t6 1,a@b=c")
    assert trace.span_id not in {PARENT, "0" * 16}
    assert trace.headers() == {"traceparent": f"00-{TRACE}-{trace.span_id}-01", "tracestate": trace.state}
    assert open_trace(trace.headers()) == trace


@pytest.mark.parametrize(
    "parents",
    [
        [],
        [VALID, VALID],
        [VALID.upper()],
        [f"ff-{TRACE}-{PARENT}-01"],
        [f"00-{'0' * 32}-{PARENT}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"{VALID}-more"],
        [f"01-{TRACE}-{PARENT}-01more"],
        [VALID[:-1]],
        ["x" * 10_000],
    ],
)
def test_an_invalid_parent_is_ignored_with_its_state(parents: list[str]) -> None:
    assert read_trace(parents, ["a=b"]) is None


def test_a_later_version_may_have_more() -> None:
    assert read_trace([f"01-{TRACE}-{PARENT}-01-more"], []) is not None


@pytest.mark.parametrize(
    "state", ["A=b", "a", "a=b,a=c", ",".join(f"k{n}=v" for n in range(33)), "a=" + "b" * 257]
)
def test_an_invalid_state_is_dropped_alone(state: str) -> None:
    trace = read_trace([VALID], [state])
    assert trace is not None
    assert trace.state == ""
    assert "tracestate" not in trace.headers()


def test_log_lines_have_the_ids() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("ffmpeg_worker")
    logger.addHandler(handler)
    try:
        with tracing(read_trace([VALID], [])):
            trace = current_trace()
            log(logging.WARNING, "inside")
        log(logging.WARNING, "outside")
    finally:
        logger.removeHandler(handler)
    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert trace is not None
    assert (inside["trace_id"], inside["span_id"]) == (TRACE, trace.span_id)
    assert "trace_id" not in outside
    assert current_trace() is None
