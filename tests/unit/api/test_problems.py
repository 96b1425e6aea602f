"""Errors as responses: statuses, and the table in docs/http.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ffmpeg_worker import errors
from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.problems import STATUS_BY_CODE, STATUS_BY_FAULT, STATUS_MEANINGS, status_of
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, Misconfigured, WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from support.jobs.bad_jobs import BAD_JOBS, BadJob
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services

PAGE = Path(__file__).parents[3] / "docs" / "http.md"
JOB = {"chainCmds": "-i a.mp4 b.mp4"}


ERRORS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, WorkerError) and value is not Misconfigured
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_with_a_meaning(kind: type[WorkerError]) -> None:
    assert status_of(kind("…")) in STATUS_MEANINGS


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.InvalidJob, 422),
        (errors.UnsupportedFeature, 501),
        (errors.SourceNotFound, 404),
        (errors.SourceForbidden, 403),
        (errors.SourceUnreadable, 422),
        (errors.EngineTimedOut, 504),
        (errors.EngineKilled, 503),
        (errors.EngineUnavailable, 500),
        (errors.TargetForbidden, 403),
        (errors.TargetUnavailable, 502),
        (errors.JobCancelled, 499),
        (errors.JobInterrupted, 503),
        (errors.QueueFull, 503),
        (errors.WorkerError, 500),
    ],
)
def test_the_status_of_an_error(kind: type[WorkerError], status: int) -> None:
    assert status_of(kind("…")) == status


@pytest.mark.parametrize(
    ("code", "status"),
    [("encoder_unknown", 422), ("input_corrupt", 422), ("out_of_memory", 500), ("engine_terminated", 503)],
)
def test_the_status_of_a_diagnosed_failure_follows_from_its_code(code: str, status: int) -> None:
    assert status_of(EngineFailed("…", code=code)) == status


@pytest.mark.parametrize("job", BAD_JOBS, ids=str)
def test_the_table_of_bad_jobs_has_the_same_statuses(job: BadJob) -> None:
    error = EngineFailed("…", code=job.code, fault=Fault(job.fault))
    assert (status_of(error), error.retryable) == (job.status, job.retryable)


def test_the_page_and_the_table_say_the_same() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    assert {int(status): meaning for status, meaning, _ in rows} == STATUS_MEANINGS
    by_code = {code: int(status) for status, _, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert by_code == STATUS_BY_CODE
    by_fault = {fault: int(status) for status, _, codes in rows for fault in re.findall(r"fault (\w+)", codes)}
    assert by_fault == {
        fault.value: status for fault, status in STATUS_BY_FAULT.items() if fault != Fault.OPERATOR
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/ffmpeg/process", "POST"),
        ("DELETE", "/api/ffmpeg/probe", "POST"),
        ("OPTIONS", "/api/ffmpeg/vmaf", "POST"),
        ("POST", "/health", "GET"),
        ("POST", "/metrics", "GET"),
        ("BREW", "/metrics", "GET"),
    ],
)
async def test_a_method_that_the_route_does_not_support(method: str, path: str, allowed: str) -> None:
    reply = await request(make_app(make_fake_services()), method, path)
    assert (reply.status, reply.json()["code"]) == (405, "method_not_allowed")
    assert allowed in reply.headers["allow"]
    assert allowed in reply.json()["hint"]


async def test_the_response_to_an_unexpected_error_reveals_nothing() -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise RuntimeError("/internal/path")

    reply = await post_json(make_app(make_fake_services(run)), "/api/ffmpeg/process", JOB)
    assert reply.status == 500
    problem = reply.json()
    assert (problem["code"], problem["fault"], problem["retryable"]) == ("worker_error", "worker", False)
    assert problem["job_id"] == reply.headers["x-job-id"]
    assert b"internal/path" not in reply.body
    assert b"RuntimeError" not in reply.body
