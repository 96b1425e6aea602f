"""Responses with progress before the result."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Send

from ffmpeg_worker.api import ndjson_progress
from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import QueueFull
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage
from ffmpeg_worker.job.result import JobResult
from support.servers.asgi_client import post_json
from support.servers.fake_services import make_fake_services, succeed

PROCESS = "/api/ffmpeg/process"
JOB = {"chainCmds": "-i a.mp4 b.mp4"}
EVENT = JobEvent(Stage.RUNNING, 12.34, 1.5)
LINES = [("accept", "application/x-ndjson")]


@pytest.mark.parametrize("fails", [False, True])
async def test_lines_of_progress_then_status_and_answer(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    monkeypatch.setattr(ndjson_progress, "_PAUSE_S", 0.01)

    async def run(body: JobBody, *, job_id: str, observer: Observer, owner: str, **_more: Any) -> JobResult:
        for percent in (12.34, 50.0):
            observer(replace(EVENT, percent=percent))
            await asyncio.sleep(0.05)
        if fails:
            raise QueueFull("No room.")
        return await succeed(body.parse(body.decode()), job_id)

    services = make_fake_services()
    monkeypatch.setattr(services, "run", run)
    reply = await post_json(make_app(services), PROCESS, JOB, headers=LINES)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/x-ndjson")
    assert reply.headers["x-accel-buffering"] == "no"
    first, second, status, answer = (json.loads(line) for line in reply.body.splitlines())
    assert first == {"progress": {"stage": "running", "percent": 12.3, "speed": 1.5}}
    assert second["progress"]["percent"] == 50
    assert status == {"status": 503 if fails else 200}
    assert answer.get("code") == ("queue_full" if fails else None)
    assert answer["job_id"] == reply.headers["x-job-id"]


async def test_a_short_job_is_answered_as_without_progress() -> None:
    reply = await post_json(make_app(make_fake_services()), PROCESS, JOB, headers=LINES)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


async def test_the_job_is_stopped_when_its_caller_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson_progress, "_PAUSE_S", 0.01)
    stopped, hang_up = asyncio.Event(), asyncio.Event()

    async def run(_job: Job, *, job_id: str, observer: Observer, owner: str, **_more: Any) -> JobResult:
        observer(EVENT)
        asyncio.get_running_loop().call_later(0.05, hang_up.set)
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    services = make_fake_services()
    monkeypatch.setattr(services, "run", run)
    await post_json(make_app(services), PROCESS, JOB, headers=LINES, hang_up=hang_up)
    assert stopped.is_set()


async def test_a_job_that_waits_says_so_and_goes_on_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson_progress, "_PAUSE_S", 0.001)
    monkeypatch.setattr(ndjson_progress, "_REPEAT_S", 0.001)
    sent: list[dict[str, object]] = []
    enough = asyncio.Event()
    send_line = ndjson_progress._send_line

    async def watched(send: Send, value: dict[str, object]) -> None:
        sent.append(value)
        if len(sent) >= 3:
            enough.set()
        await send_line(send, value)

    async def run(body: JobBody, *, job_id: str, observer: Observer, owner: str, **_more: Any) -> JobResult:
        observer(JobEvent(Stage.WAITING, 2.0, position=7))
        await asyncio.wait_for(enough.wait(), 30)
        return await succeed(body.parse(body.decode()), job_id)

    services = make_fake_services()
    monkeypatch.setattr(services, "run", run)
    monkeypatch.setattr(ndjson_progress, "_send_line", watched)
    reply = await post_json(make_app(services), PROCESS, JOB, headers=LINES)
    *waiting, status, _ = (json.loads(line) for line in reply.body.splitlines())
    assert len(waiting) >= 3
    assert all(line == {"progress": {"stage": "waiting", "percent": 2.0, "position": 7}} for line in waiting)
    assert status == {"status": 200}
