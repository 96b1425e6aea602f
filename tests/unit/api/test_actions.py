"""Action routes: requests become jobs, results and errors become responses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, JobInterrupted, QueueFull
from ffmpeg_worker.job.actions.process import ProcessJob
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.job.result import JobResult
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services, succeed

PROCESS = "/api/ffmpeg/process"
JOB = {"chainCmds": "-i a.mp4 b.mp4", "metadata": {"order": "Ä-17", "none": None}}


async def test_a_body_has_data_and_common_fields_side_by_side() -> None:
    seen: list[Job] = []

    async def run(job: Job, job_id: str) -> JobResult:
        seen.append(job)
        return await succeed(job, job_id)

    reply = await post_json(make_app(make_fake_services(run)), PROCESS, JOB)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    [job] = seen
    assert isinstance(job, ProcessJob)
    assert job.data.chainCmds == (("-i", "a.mp4", "b.mp4"),)
    assert reply.json()["metadata"] == JOB["metadata"]


async def test_a_problem_has_every_public_field_and_no_other() -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise EngineFailed(
            "No such encoder.",
            code="encoder_unknown",
            fault=Fault.CALLER,
            hint="Use another.",
            where={"command": 0},
            stderr="last lines",
            detail="for the log only",
        )

    reply = await post_json(make_app(make_fake_services(run)), PROCESS, JOB)
    assert reply.status == 422
    assert reply.json() == {
        "error": "No such encoder.",
        "code": "encoder_unknown",
        "fault": "caller",
        "retryable": False,
        "where": {"command": 0},
        "hint": "Use another.",
        "stderr": "last lines",
        "job_id": reply.headers["x-job-id"],
    }


@pytest.mark.parametrize("error", [QueueFull("Full."), JobInterrupted("Closing.")])
async def test_a_retryable_problem_says_when_to_retry(error: Exception) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise error

    reply = await post_json(make_app(make_fake_services(run)), PROCESS, JOB)
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    assert reply.json()["retryable"] is True


async def test_a_caller_that_disconnects_cancels_its_job() -> None:
    gone, began, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(_job: Job, _job_id: str) -> JobResult:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError

    app = make_app(make_fake_services(run))
    waiting = asyncio.ensure_future(post_json(app, PROCESS, JOB, hang_up=gone))
    await began.wait()
    gone.set()
    reply = await waiting
    assert ended.is_set()
    assert reply.status == 499
    assert reply.json()["code"] == "cancelled"


async def test_cancelling_the_request_cancels_its_job() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def run(_job: Job, _job_id: str) -> JobResult:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError

    waiting = asyncio.ensure_future(post_json(make_app(make_fake_services(run)), PROCESS, JOB))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_a_body_that_is_not_strict_json() -> None:
    headers = [("content-type", "application/json")]
    reply = await request(make_app(make_fake_services()), "POST", PROCESS, b'{"a":1,"a":2}', headers=headers)
    assert (reply.status, reply.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("value", "status", "read"),
    [("a1b2-u1", 200, ["a1b2-u1"]), (None, 200, [None]), ("a/b", 422, []), ("", 422, [])],
)
async def test_the_id_of_a_job_at_its_platform(
    monkeypatch: pytest.MonkeyPatch, value: str | None, status: int, read: list[str | None]
) -> None:
    seen: list[str | None] = []

    async def run(body: JobBody, *, job_id: str, observer: Observer, owner: str, **_more: Any) -> JobResult:
        seen.append(body.platform_job_id)
        return await succeed(body.parse(body.decode()), job_id)

    services = make_fake_services()
    monkeypatch.setattr(services, "run", run)
    headers = [] if value is None else [("x-platform-job-id", value)]
    job = {"chainCmds": "-i a.mp4 b.mp4"}
    reply = await post_json(make_app(services), "/api/ffmpeg/process", job, headers=headers)
    assert (reply.status, seen) == (status, read)
    if status == 422:
        assert json.loads(reply.body)["code"] == "invalid_header"
