"""From RunPod's job to the request to the API: both spellings, nothing lost, nothing invalid sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.runpod_worker.request import RunpodRequest, read_job_id
from ffmpeg_worker.runpod_worker.request import read_request as read_bounded_request

DATA: dict[str, dict[str, Any]] = {
    "process": {"chainCmds": "ffmpeg -i {{in_1}} b.mp4", "output": "b.mp4"},
    "multi_process": {"processes": [{"chainCmds": ["-i", "a.mp4", "b.mp4"]}], "fuse": False},
    "probe": {"input": "a.mp4"},
    "vmaf": {"input1": "a.mp4", "input2": "b.mp4"},
}
COMMON = {"inputs": [{"url": "a.mp4"}], "timeout": 12, "metadata": {"order": "é"}}


def read_request(job: Any) -> RunpodRequest:
    return read_bounded_request(job, max_bytes=1000)


@pytest.mark.parametrize("action", DATA)
def test_both_spellings_make_the_same_request(action: str) -> None:
    by_action = read_request({"id": "x", "input": {"action": action, "data": DATA[action], **COMMON}})
    by_path = read_request({"id": "x", "input": {"path": f"/ffmpeg/{action}", "body": DATA[action], **COMMON}})
    assert by_action == by_path
    assert by_action.path == f"/ffmpeg/{action}"
    assert json.loads(by_action.body) == {**DATA[action], **COMMON}


def test_common_fields_inside_the_data_are_sent_too() -> None:
    request = read_request({"input": {"action": "probe", "data": {**DATA["probe"], **COMMON}}})
    assert json.loads(request.body) == {**DATA["probe"], **COMMON}


@pytest.mark.parametrize(
    ("job", "platform_job_id"),
    [
        ({"id": "a1b2-u1"}, "a1b2-u1"),
        ({"id": "a/b"}, None),
        ({"id": 7}, None),
        ({}, None),
        ({"id": "x", "part": {"is_part": True, "part_id": "whole.2-4"}}, "whole.2-4"),
        ({"id": "x", "part": {"is_part": True, "part_id": ["whole"]}}, None),
        ({"id": "x", "part": {"is_part": True}}, None),
    ],
)
def test_the_id_of_the_job_goes_with_the_request(job: dict[str, Any], platform_job_id: str | None) -> None:
    part = job.pop("part", {})
    request = read_request({**job, "input": {"action": "probe", "data": DATA["probe"], **part}})
    assert request.platform_job_id == platform_job_id
    assert request.is_part == bool(part)
    assert json.loads(request.body) == DATA["probe"]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def with_metadata(value: Any) -> dict[str, Any]:
    return {"action": "probe", "data": DATA["probe"], "metadata": {"value": value}}


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ({"id": "x"}, "missing_field"),
        ({"id": "x", "input": None}, "missing_field"),
        (None, "missing_field"),
        ({"input": {}}, "invalid_job"),
        ({"input": "process"}, "invalid_job"),
        ({"input": [1]}, "invalid_job"),
        ({"input": {"action": "proces", "data": {}}}, "unknown_action"),
        ({"input": {"action": "probe", "body": {}}}, "unknown_field"),
        ({"input": {"action": "probe", "data": {"input": 7}}}, "invalid_value"),
        ({"input": {"action": "encode", "data": {}}}, "unsupported_feature"),
        ({"input": {"action": "probe", "data": DATA["probe"]}, "s3Config": {"a": 1}}, "unknown_field"),
        ({"input": with_metadata("é" * 500)}, "body_too_large"),
        ({"input": with_metadata(float("nan"))}, "invalid_json"),
        ({"input": with_metadata("\udcff")}, "invalid_json"),
        ({"input": with_metadata("a\x00b")}, "invalid_json"),
        ({"input": with_metadata(object())}, "invalid_json"),
        ({"input": with_metadata(deep(100))}, "invalid_json"),
        ({"input": with_metadata(deep(100_000))}, "invalid_json"),
    ],
)
def test_an_invalid_job_is_refused_before_anything_is_sent(job: Any, code: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_request(job)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ({"id": "0b6f-u1"}, "0b6f-u1"),
        ({"id": "a\nb\x1b[31m"}, "ab[31m"),
        ({"id": "x" * 1000}, "x" * 128),
        ({"id": None}, "unknown"),
        ({}, "unknown"),
        (None, "unknown"),
    ],
)
def test_the_id_is_safe_for_a_log_line(job: Any, name: str) -> None:
    assert read_job_id(job) == name


@pytest.mark.parametrize(
    ("policy", "timeout_s", "timeout"),
    [
        ({"executionTimeout": 7_200_000}, 7199, 7198),
        ({"executionTimeout": 5000, "ttl": 10_000}, 4.5, 4.05),
        ({"executionTimeout": 0}, None, None),
        ({"executionTimeout": "soon"}, None, None),
        ({"lowPriority": True}, None, None),
        ("none", None, None),
    ],
)
def test_runpods_execution_timeout_is_the_jobs_timeout(
    policy: Any, timeout_s: float | None, timeout: float | None
) -> None:
    request = read_request({"input": {"action": "probe", "data": DATA["probe"]}, "policy": policy})
    assert (request.timeout_s, json.loads(request.body).get("timeout")) == (timeout_s, timeout)


def test_a_timeout_of_the_job_itself_wins() -> None:
    asked = {"action": "probe", "data": {**DATA["probe"], "timeout": 3}}
    request = read_request({"input": asked, "policy": {"executionTimeout": 60_000}})
    assert (request.timeout_s, json.loads(request.body)["timeout"]) == (59, 3)


def test_the_webhook_that_runpod_calls_is_not_ours() -> None:
    job = {"id": "x", "input": {"action": "probe", "data": DATA["probe"]}}
    assert read_request({**job, "webhook": "https://hooks.example/a", "webhook_token": "t"}) == read_request(job)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("callback_url", "https://hooks.example/a", '"webhook" beside "input"'),
        ("webhook", "https://hooks.example/a", '"webhook" beside "input"'),
        ("async", True, "/runsync waits"),
        ("idempotency_key", "order-7", 'Remove "idempotency_key"'),
    ],
)
def test_fields_that_need_a_queue_of_our_own_are_refused(field: str, value: Any, hint: str) -> None:
    for job in (
        {"action": "probe", "data": DATA["probe"], field: value},
        {"path": "/ffmpeg/probe", "body": {**DATA["probe"], field: value}},
    ):
        with pytest.raises(UnsupportedFeature, match=f'"{field}"') as caught:
            read_request({"input": job})
        assert hint in str(caught.value.hint)
        assert caught.value.where == {"field": field}


def test_a_priority_means_nothing_on_runpod() -> None:
    job = {"action": "probe", "data": DATA["probe"], "priority": 1, "async": False, "callback_url": ""}
    assert read_request({"input": job}).path == "/ffmpeg/probe"
