"""RunPod's requests become jobs of ours: nothing of the policy is lost, and no field is given twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.runpod_request import EndpointRequest, read_endpoint_request

PROBE = {"action": "probe", "data": {"input": "a.mp4"}}
BY_PATH = {"path": "/ffmpeg/probe", "body": {"input": "a.mp4"}}
S3 = {"accessId": "id", "accessSecret": "secret", "bucketName": "bucket"}


def read(job: Any, **beside: Any) -> EndpointRequest:
    return read_endpoint_request(json.dumps({"input": job, **beside}).encode())


def job_of(job: Any, **beside: Any) -> Any:
    return json.loads(read(job, **beside).content)


@pytest.mark.parametrize("job", [PROBE, BY_PATH, {"input": PROBE}, {"input": {"input": BY_PATH}}])
def test_a_job_is_read_in_every_spelling_however_often_it_is_wrapped(job: Any) -> None:
    request = read(job)
    parsed = parse_job(json.loads(request.content))
    assert (parsed.action, request.action, request.webhook, request.ttl_s) == ("probe", "probe", None, None)


@pytest.mark.parametrize(
    ("job", "limit_ms", "timeout"),
    [
        (PROBE, 7000, 7),
        ({**PROBE, "timeout": 3}, 7000, 3),
        ({**PROBE, "timeout": "3"}, 7000, "3"),
        ({**PROBE, "timeout": 9}, 7000, 7),
        ({**PROBE, "timeout": ""}, "7000", 7),
        ({"action": "probe", "data": {"input": "a.mp4", "timeout": 9}}, 7000, 7),
        ({"path": "/ffmpeg/probe", "body": {"input": "a.mp4", "timeout": "9.5"}}, 7000, 7),
        ({**PROBE, "timeout": 9}, None, 9),
    ],
)
def test_the_shorter_of_both_limits_counts(job: Any, limit_ms: Any, timeout: Any) -> None:
    read_job = job_of(job, policy={"executionTimeout": limit_ms})
    assert read_job["timeout"] == timeout
    assert parse_job(read_job).timeout == float(timeout)


def test_a_timeout_that_is_no_number_is_left_for_the_parser() -> None:
    with pytest.raises(InvalidJob, match="timeout"):
        parse_job(job_of({**PROBE, "timeout": "soon"}, policy={"executionTimeout": 7000}))


@pytest.mark.parametrize(
    ("job", "policy", "priority"),
    [
        (PROBE, {"lowPriority": True}, 100),
        (PROBE, {"lowPriority": "true"}, 100),
        (PROBE, {"lowPriority": False}, None),
        (PROBE, {}, None),
        ({**PROBE, "priority": 7}, {"lowPriority": True}, 7),
    ],
)
def test_a_low_priority_runs_after_all_others(job: Any, policy: Any, priority: int | None) -> None:
    assert parse_job(job_of(job, policy=policy)).priority == priority


def test_the_time_to_live_is_in_milliseconds() -> None:
    assert read(PROBE, policy={"ttl": 90_000}).ttl_s == 90


def test_a_webhook_and_a_bucket_may_stand_beside_the_job() -> None:
    request = read(PROBE, webhook="https://hooks.example/a", s3Config=S3, webhookV2="ignored", other=1)
    job = parse_job(json.loads(request.content))
    assert (job.callback, request.webhook) == ("https://hooks.example/a", "https://hooks.example/a")
    assert request.callback.callback == "https://hooks.example/a"
    assert job.s3Config is not None


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_fields_are_not_given(blank: Any) -> None:
    request = read(PROBE, webhook=blank, policy=None, s3Config=None)
    assert (json.loads(request.content), request.webhook) == (PROBE, None)
    assert read(PROBE, policy={"ttl": blank, "lowPriority": blank}).ttl_s is None


def test_fields_of_all_jobs_may_stand_beside_the_job() -> None:
    assert job_of(PROBE, metadata={"order": 7})["metadata"] == {"order": 7}


@pytest.mark.parametrize("job", [{}, [], "process", 7, {"action": "x"}, {"action": {}}, {"data": {"a": 1}}])
def test_a_job_that_cannot_be_read_is_kept_as_it_is(job: Any) -> None:
    request = read(job)
    assert (json.loads(request.content), request.action) == (job, None)


@pytest.mark.parametrize(
    ("request_", "code", "field"),
    [
        ([], "invalid_job", None),
        ({}, "missing_field", "input"),
        ({"input": None}, "missing_field", "input"),
        ({"inputs": PROBE}, "missing_field", "input"),
        ({"input": PROBE, "webhook": 7}, "invalid_value", "webhook"),
        ({"input": PROBE, "webhook": "ftp://a.example"}, "invalid_value", "webhook"),
        ({"input": PROBE, "webhook": "https://a.example/\r\nX: y"}, "invalid_value", "webhook"),
        (
            {"input": {**PROBE, "webhook": "https://a.example"}, "webhook": "https://b.example"},
            "invalid_job",
            "webhook",
        ),
        ({"input": PROBE, "policy": 7}, "invalid_value", "policy"),
        ({"input": PROBE, "policy": {"ttl": -1}}, "invalid_value", "policy.ttl"),
        ({"input": PROBE, "policy": {"ttl": True}}, "invalid_value", "policy.ttl"),
        ({"input": PROBE, "policy": {"executionTimeout": 0}}, "invalid_value", "policy.executionTimeout"),
        ({"input": PROBE, "policy": {"executionTimeout": 1e300}}, "invalid_value", "policy.executionTimeout"),
        ({"input": PROBE, "policy": {"lowPriority": 1}}, "invalid_value", "policy.lowPriority"),
        ({"input": PROBE, "policy": {"timeout": 1}}, "unknown_field", "policy.timeout"),
        ({"input": {**PROBE, "timeout": 1}, "timeout": 2}, "invalid_job", "timeout"),
    ],
)
def test_a_request_that_is_not_runpods_is_refused(request_: Any, code: str, field: str | None) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_endpoint_request(json.dumps(request_).encode())
    assert (caught.value.code, caught.value.where.get("field")) == (code, field)


def test_a_number_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(InvalidJob, match="too large") as caught:
        read_endpoint_request(b'{"input": {"action": "probe", "data": {"input": "a"}, "timeout": 1e999}}')
    assert caught.value.code == "invalid_json"
