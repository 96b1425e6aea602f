"""Bodies that ask for the same job have the same canonical form; others have another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.job.canonical_body import canonical_body
from ffmpeg_worker.job.job_body import JobBody

CHAIN = "-i a.mp4 b.mp4"
SAME: list[tuple[str | None, Any]] = [
    (None, {"action": "process", "data": {"chainCmds": CHAIN}, "timeout": 5}),
    (None, {"timeout": 5, "data": {"chainCmds": CHAIN}, "action": "process"}),
    (None, {"action": "process", "data": {"chainCmds": CHAIN, "timeout": 5}}),
    (None, {"path": "/ffmpeg/process", "body": {"chainCmds": CHAIN, "timeout": 5}}),
    (None, {"path": "/api/ffmpeg/process", "body": {"chainCmds": CHAIN}, "timeout": 5, "upload": None}),
    (None, {"input": {"action": "process", "data": {"chainCmds": CHAIN}, "timeout": 5}}),
    (None, {"input": {"action": "process", "data": {"chainCmds": CHAIN}}, "timeout": 5}),
    (
        None,
        {"action": "process", "data": {"chainCmds": CHAIN}, "timeout": 5, "idempotency_key": "a", "async": True},
    ),
    ("process", {"chainCmds": CHAIN, "timeout": 5, "output": ""}),
    ("process", {"input": {"chainCmds": CHAIN, "timeout": 5}}),
    ("process", {"action": "process", "data": {"chainCmds": CHAIN}, "timeout": 5}),
]
OTHER: list[tuple[str | None, Any]] = [
    ("process", {"chainCmds": CHAIN}),
    ("process", {"chainCmds": CHAIN, "timeout": 6}),
    ("process", {"chainCmds": CHAIN + " ", "timeout": 5}),
    ("process", {"chainCmds": CHAIN, "timeout": 5, "callback_url": "https://app.example/"}),
    ("process", {"chainCmds": CHAIN, "timeout": 5, "metadata": {"async": True}}),
]


def form(action: str | None, value: Any, **query: str) -> bytes:
    return canonical_body(JobBody(action, json.dumps(value).encode(), query), "process")


@pytest.mark.parametrize(("action", "value"), SAME)
def test_spellings_of_one_job(action: str | None, value: Any) -> None:
    assert form(action, value) == form(*SAME[0])


@pytest.mark.parametrize(("action", "value"), OTHER)
def test_other_jobs(action: str | None, value: Any) -> None:
    assert form(action, value) != form(*SAME[0])


def test_spaces_and_escapes_do_not_count() -> None:
    body = b'\xef\xbb\xbf { "timeout":5,\n"chainCmds" : "-i a.mp4 \\u0062.mp4"} '
    assert canonical_body(JobBody("process", body), "process") == form(*SAME[0])


def test_the_query_string_counts_as_far_as_the_action_reads_it() -> None:
    def preview(**query: str) -> bytes:
        return canonical_body(JobBody("canvas_preview", b'{"json": {}}', query), "canvas_preview")

    assert preview(t="1") != preview()
    assert preview(t="", wait="5", **{"async": "true"}) == preview()
