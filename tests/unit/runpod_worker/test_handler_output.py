"""The handler's output can always be delivered by RunPod's SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.errors import EngineFailed, SourceNotFound
from ffmpeg_worker.job.runpod_output import success
from ffmpeg_worker.runpod_worker.handler_output import MAX_OUTPUT_BYTES, failure, finalize


def test_a_problem_becomes_a_message_and_its_details() -> None:
    assert failure(SourceNotFound("No such file.", where={"command": 0})) == {
        "error": "No such file.",
        "details": {
            "error": "No such file.",
            "code": "source_not_found",
            "fault": "source",
            "retryable": False,
            "where": {"command": 0},
        },
    }


def test_the_error_is_never_empty() -> None:
    assert failure(ApiError({"error": ""}))["error"] == "The job failed."


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
def test_values_that_json_cannot_carry_are_replaced(value: Any, cleaned: Any) -> None:
    output = finalize(success({"value": value}))
    assert output == {"success": True, "result": {"value": cleaned}}
    json.dumps(output, allow_nan=False, ensure_ascii=False).encode()


def test_a_result_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    frame = len(json.dumps(success({"text": ""})))
    fits = success({"text": "x" * (MAX_OUTPUT_BYTES - frame)})
    assert finalize(fits) == fits
    too_large = finalize(success({"text": "x" * (MAX_OUTPUT_BYTES - frame + 1)}))
    assert "too large" in too_large["error"]
    assert too_large["details"]["code"] == "result_too_large"


def test_the_limit_is_in_bytes_not_in_characters() -> None:
    assert "error" in finalize(success({"text": "é" * (MAX_OUTPUT_BYTES // 2)}))


def test_an_error_that_is_too_large_keeps_its_message() -> None:
    output = finalize(failure(EngineFailed("It failed.", stderr="x" * MAX_OUTPUT_BYTES)))
    assert output["error"] == "It failed."
    assert output["details"]["code"] == "engine_failed"
    assert "stderr" not in output["details"]


def test_a_result_may_have_keys_that_the_sdk_removes() -> None:
    result = {"error": "inside", "refresh_worker": True}
    output = finalize(success(result))
    assert output["result"] == result
    assert output.keys().isdisjoint(result)


def test_logs_give_way_in_a_result_that_is_too_large() -> None:
    log = {"command": 0, "log": "x" * (5 << 20), "truncated": False}
    result = {"outputs": [], "warnings": ["first"], "results": [{"index": 0, "logs": [log]}, {"logs": [log]}]}
    finalized = finalize(success(result))["result"]
    assert finalized["results"] == [{"index": 0}, {}]
    assert finalized["warnings"][0] == "first"
    assert "left out" in finalized["warnings"][1]
