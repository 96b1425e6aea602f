"""Verdicts of the self-test on the canary's report."""

from __future__ import annotations

import json

import pytest

from ffmpeg_worker.ffmpeg.self_test import read_holes
from ffmpeg_worker.sandbox import canary

GOOD: dict[str, str | None] = {"own file written": None, "own file read": None, "input read": None}


@pytest.mark.parametrize(
    ("report", "rest", "holes"),
    [
        (GOOD | {"socket opened": "EACCES"}, canary.STILL_HERE, []),
        (GOOD | {"socket opened": None}, canary.STILL_HERE, ["socket opened"]),
        (GOOD | {"input read": "EACCES"}, canary.STILL_HERE, ["input read: EACCES"]),
        (GOOD, b"", ["shell started"]),
        ({}, canary.STILL_HERE, ["the test program answered only in part"]),
    ],
)
def test_holes_in_an_answer(report: dict[str, str | None], rest: bytes, holes: list[str]) -> None:
    assert read_holes(json.dumps(report).encode() + b"\n" + rest) == holes


def test_no_answer_is_a_hole() -> None:
    assert read_holes(b"") == ["the test program did not answer"]
