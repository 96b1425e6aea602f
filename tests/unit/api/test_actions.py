"""Requests become jobs, and what comes of them becomes responses."""

from __future__ import annotations

import asyncio
import json
import math

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, JobInterrupted, QueueFull
from ffmpeg_worker.job.actions.process import ProcessJob
from ffmpeg_worker.job.actions.vmaf import VmafResult
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import stand_in_services, succeed

PROCESS = "/api/ffmpeg/process"
JOB = {"chainCmds": "-i a.mp4 b.mp4", "metadata": {"order": "Ä-17", "none": None}}


async def test_a_body_is_the_data_and_the_common_fields_side_by_side() -> None:
    seen: list[Job] = []

    async def run(job: Job, job_id: str) -> JobResult:
        seen.append(job)
        return await succeed(job, job_id)

    reply = await post_json(make_app(stand_in_services(run)), PROCESS, JOB)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    [job] = seen
    assert isinstance(job, ProcessJob)
    assert job.data.chainCmds == (("-i", "a.mp4", "b.mp4"),)
    assert reply.json()["metadata"] == JOB["metadata"]


async def test_one_id_in_header_and_result() -> None:
    app = make_app(stand_in_services())
    first, second = await post_json(app, PROCESS, JOB), await post_json(app, PROCESS, JOB)
    assert first.headers["x-job-id"] == first.json()["job_id"] != second.json()["job_id"]


async def test_one_id_in_header_and_problem() -> None:
    reply = await post_json(make_app(stand_in_services()), PROCESS, {})
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-job-id"] == reply.json()["job_id"]


async def test_a_failed_job_says_everything_public_and_nothing_else() -> None:
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

    reply = await post_json(make_app(stand_in_services(run)), PROCESS, JOB)
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
async def test_what_may_work_later_says_when(error: Exception) -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise error

    reply = await post_json(make_app(stand_in_services(run)), PROCESS, JOB)
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    assert reply.json()["retryable"] is True


async def test_an_unexpected_error_tells_nothing_internal() -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        raise RuntimeError("/internal/path")

    reply = await post_json(make_app(stand_in_services(run)), PROCESS, JOB)
    assert reply.status == 500
    problem = reply.json()
    assert (problem["code"], problem["fault"], problem["retryable"]) == ("worker_error", "worker", False)
    assert problem["job_id"] == reply.headers["x-job-id"]
    assert b"internal/path" not in reply.body
    assert b"RuntimeError" not in reply.body


async def test_a_caller_that_hangs_up_cancels_its_job() -> None:
    gone, began, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(_job: Job, _job_id: str) -> JobResult:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError

    app = make_app(stand_in_services(run))
    waiting = asyncio.ensure_future(post_json(app, PROCESS, JOB, hang_up=gone))
    await began.wait()
    gone.set()
    reply = await waiting
    assert ended.is_set()
    assert reply.status == 499
    assert reply.json()["code"] == "cancelled"


async def test_a_server_that_gives_up_on_a_request_cancels_its_job() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def run(_job: Job, _job_id: str) -> JobResult:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        raise AssertionError

    waiting = asyncio.ensure_future(post_json(make_app(stand_in_services(run)), PROCESS, JOB))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_numbers_that_json_does_not_have_become_null() -> None:
    async def run(_job: Job, _job_id: str) -> JobResult:
        document = {
            "score": 99.0,
            "pooled": {"psnr": math.inf, "min": math.nan},
            "frames": 1,
            "worst": [{"score": math.inf}],
            "alignment": {},
            "stats": {"seconds": 1.0},
        }
        return VmafResult.model_validate(document)

    reply = await post_json(
        make_app(stand_in_services(run)), "/api/ffmpeg/vmaf", {"input1": "a.mp4", "input2": "b.mp4"}
    )
    assert reply.json()["pooled"] == {"psnr": None, "min": None}
    assert reply.json()["worst"] == [{"score": None}]


async def test_text_that_is_none_does_not_break_the_answer() -> None:
    async def run(job: Job, job_id: str) -> JobResult:
        result = await succeed(job, job_id)
        return result.model_copy(update={"warnings": ("half \udcff a character",)})

    reply = await post_json(make_app(stand_in_services(run)), PROCESS, JOB)
    assert reply.json()["warnings"] == ["half ? a character"]


@pytest.mark.parametrize("query", ["async=true", "async=1", "async=", "x=1&async=TRUE"])
async def test_async_is_of_a_later_version(query: str) -> None:
    reply = await post_json(make_app(stand_in_services()), f"{PROCESS}?{query}", JOB)
    assert (reply.status, reply.json()["code"]) == (501, "unsupported_feature")
    assert "async" in reply.json()["error"]


async def test_async_may_be_false() -> None:
    assert (await post_json(make_app(stand_in_services()), f"{PROCESS}?async=false", JOB)).status == 200


async def test_an_app_made_from_settings_takes_no_jobs_before_its_start() -> None:
    app = make_app(stand_in_services().settings)
    reply = await post_json(app, PROCESS, JOB)
    assert (reply.status, reply.json()["retryable"]) == (503, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"timeout":NaN}',
        b'{"timeout":Infinity}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"[" * 70 + b"]" * 70 + b"}",
        b"[" * 100_000,
        b'{"a":1}' * 2,
    ],
)
async def test_what_is_not_strict_json(body: bytes) -> None:
    headers = [("content-type", "application/json")]
    reply = await request(make_app(stand_in_services()), "POST", PROCESS, body, headers=headers)
    assert (reply.status, reply.json()["code"]) == (400, "invalid_json")


async def test_answers_are_compact_utf8() -> None:
    reply = await post_json(make_app(stand_in_services()), PROCESS, JOB)
    assert "Ä-17".encode() in reply.body
    assert b": " not in reply.body
    assert json.loads(reply.body)["stats"]["input_bytes"] == 70
