"""What RunPod's SDK gets is always something that it can deliver."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.runpod_worker.handler_output import MAX_ANSWER_BYTES, failure, finalize, success


def test_a_problem_becomes_a_sentence_and_its_details() -> None:
    problem = {"error": "No such file.", "code": "source_not_found", "where": {"command": 0}}
    assert failure(problem) == {
        "error": "No such file.",
        "details": {"code": "source_not_found", "where": {"command": 0}},
    }
    assert problem["error"] == "No such file."


@pytest.mark.parametrize("sentence", [None, "", {"message": "a dictionary"}, 7])
def test_the_error_is_always_a_text_that_is_not_empty(sentence: Any) -> None:
    error = failure({"error": sentence})["error"]
    assert isinstance(error, str)
    assert error


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("caf\udce9.mp4", "caf?.mp4"),
        (float("nan"), None),
        (float("-inf"), None),
        (1.5, 1.5),
        (True, True),
        ((1, "a"), [1, "a"]),
        ({3: {"\udcff": 1}}, {"3": {"?": 1}}),
        (frozenset({7}), "frozenset({7})"),
    ],
)
def test_what_cannot_be_sent_is_replaced(value: Any, cleaned: Any) -> None:
    answer = finalize(success({"value": value}))
    assert answer == {"success": True, "result": {"value": cleaned}}
    json.dumps(answer, allow_nan=False, ensure_ascii=False).encode()


def test_a_result_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    frame = len(json.dumps(success({"text": ""})))
    fits = success({"text": "x" * (MAX_ANSWER_BYTES - frame)})
    assert finalize(fits) == fits
    too_large = finalize(success({"text": "x" * (MAX_ANSWER_BYTES - frame + 1)}))
    assert "too large" in too_large["error"]
    assert too_large["details"]["code"] == "result_too_large"


def test_a_limit_in_bytes_not_in_characters() -> None:
    assert "error" in finalize(success({"text": "é" * (MAX_ANSWER_BYTES // 2)}))


def test_an_error_that_is_too_large_keeps_its_sentence() -> None:
    problem = {"error": "It failed.", "code": "engine_failed", "stderr": "x" * MAX_ANSWER_BYTES}
    answer = finalize(failure(problem))
    assert answer["error"] == "It failed."
    assert answer["details"]["code"] == "engine_failed"
    assert "stderr" not in answer["details"]


def test_a_result_may_use_the_names_that_the_sdk_takes_away() -> None:
    result = {"error": "inside", "refresh_worker": True}
    answer = finalize(success(result))
    assert answer["result"] == result
    assert answer.keys().isdisjoint(result)
