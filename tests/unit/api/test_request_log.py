"""The log line of a request, and its job id."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.owners import label_key
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services

JOB = {"chainCmds": "-i a.mp4 b.mp4", "metadata": {"password": "hunter2"}}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    logger = logging.getLogger("ffmpeg_worker")
    before = (logger.handlers[:], logger.level, logger.propagate)
    stream = io.StringIO()
    configure_logging("DEBUG", stream)
    yield stream
    logger.handlers[:], logger.level, logger.propagate = before


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_one_line_for_a_request(log: io.StringIO) -> None:
    reply = await post_json(
        make_app(make_fake_services()),
        "/api/ffmpeg/process?token=hunter2",
        JOB,
        headers=[("authorization", "Bearer hunter2")],
    )
    [line] = lines(log)
    assert line.pop("time")
    assert 0 <= line.pop("seconds") < 5
    assert line == {
        "level": "info",
        "event": "request",
        "job_id": reply.headers["x-job-id"],
        "method": "POST",
        "path": "/api/ffmpeg/process",
        "status": 200,
        "bytes_in": len(json.dumps(JOB)),
        "bytes_out": len(reply.body),
        "media_bytes_in": 70,
        "media_bytes_out": 30,
    }


async def test_the_line_of_a_failure_has_the_detail_that_callers_do_not_see(log: io.StringIO) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise WorkerError("Sorry.", detail="errno 5 on /dev/sda")

    reply = await post_json(make_app(make_fake_services(run)), "/api/ffmpeg/process", JOB)
    [line] = lines(log)
    assert (line["status"], line["code"], line["fault"]) == (500, "worker_error", "worker")
    assert line["detail"] == "errno 5 on /dev/sda"
    assert b"errno" not in reply.body


async def test_the_traceback_of_an_unexpected_error_is_logged(log: io.StringIO) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise RuntimeError("oops")

    reply = await post_json(make_app(make_fake_services(run)), "/api/ffmpeg/process", JOB)
    unexpected, line = lines(log)
    assert "RuntimeError: oops" in unexpected["traceback"]
    assert unexpected["job_id"] == line["job_id"] == reply.headers["x-job-id"]


async def test_polls_are_logged_at_debug_level(log: io.StringIO) -> None:
    await request(make_app(make_fake_services()), "GET", "/health")
    assert [line["level"] for line in lines(log)] == ["debug"]


async def test_the_result_and_the_header_have_one_job_id() -> None:
    app = make_app(make_fake_services())
    first, second = (
        await post_json(app, "/api/ffmpeg/process", JOB),
        await post_json(app, "/api/ffmpeg/process", JOB),
    )
    assert first.headers["x-job-id"] == first.json()["job_id"] != second.json()["job_id"]


async def test_the_problem_and_the_header_have_one_job_id() -> None:
    reply = await post_json(make_app(make_fake_services()), "/api/ffmpeg/process", {})
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-job-id"] == reply.json()["job_id"]


async def test_a_key_is_logged_by_its_label(log: io.StringIO) -> None:
    app = make_app(make_fake_services(api_keys="first-key,second-key", max_requests_per_key=1))
    headers = [("authorization", "Bearer first-key")]
    await post_json(app, "/api/ffmpeg/process", JOB, headers=headers)
    await post_json(app, "/api/ffmpeg/process", JOB)
    accepted, refused = lines(log)
    assert accepted["key"] == label_key("first-key")
    assert (refused["code"], "key" in refused) == ("unauthorized", False)
    assert "first-key" not in log.getvalue()
