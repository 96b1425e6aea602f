"""Routes of queued jobs over stored records: what they show, and how they fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from fastapi import FastAPI

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import QueueLimitReached, QueueUnavailable
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.owners import label_key
from support.jobs.stored_jobs import StoredJobs, open_stored_jobs
from support.servers.asgi_client import Reply, post_json, request
from support.servers.fake_services import make_fake_services

PROCESS = "/api/ffmpeg/process"
JOB = {"chainCmds": "-i a.mp4 b.mp4"}
WHOLE = {"action": "process", "data": JOB}
OTHER_KEY = [("x-api-key", "other")]
MY_KEY = [("x-api-key", "mine")]
WITHIN_S = 20


@pytest.fixture
async def stored(tmp_path: Path) -> AsyncIterator[StoredJobs]:
    async with open_stored_jobs(tmp_path) as opened:
        yield opened


def app_of(stored: StoredJobs, **settings: Any) -> FastAPI:
    services = make_fake_services(**settings)
    services.queue = stored.access
    return make_app(services)


async def get(app: FastAPI, path: str, **headers: str) -> Reply:
    async with asyncio.timeout(WITHIN_S):
        return await request(app, "GET", path, headers=[(k.replace("_", "-"), v) for k, v in headers.items()])


async def test_a_record(stored: StoredJobs) -> None:
    job = await stored.add(metadata={"order": 17})
    reply = await get(app_of(stored, public_url="https://media.example/base/"), f"/api/jobs/{job.job_id}")
    assert reply.status == 200
    assert reply.json() == {
        "id": "job-1",
        "action": "process",
        "status": "queued",
        "revision": 1,
        "priority": 50,
        "created_at": reply.json()["created_at"],
        "attempts": 0,
        "metadata": {"order": 17},
        "status_url": "https://media.example/base/api/jobs/job-1",
    }
    assert reply.headers["x-job-id"] == job.job_id


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("POST", "/retry"), ("GET", "/events"), ("GET", "/log"), ("GET", "?wait=600")],
)
async def test_jobs_of_other_keys_are_not_found(stored: StoredJobs, method: str, path: str) -> None:
    app = app_of(stored, api_keys="mine,other")
    job = await stored.add(owner=label_key("mine"))
    for job_id, headers in ((job.job_id, OTHER_KEY), ("no-such-job", MY_KEY), ("%00", MY_KEY)):
        reply = await request(app, method, f"/api/jobs/{job_id}{path}", headers=headers)
        assert (reply.status, reply.json()["code"]) == (404, "job_not_found")
        assert job.job_id not in reply.body.decode()
    assert (await stored.queue.get(job.job_id)).status is JobStatus.QUEUED
    listed = [(await request(app, "GET", "/api/jobs", headers=key)).json()["jobs"] for key in (MY_KEY, OTHER_KEY)]
    assert [[entry["id"] for entry in jobs] for jobs in listed] == [[job.job_id], []]


async def test_pages(stored: StoredJobs) -> None:
    app = app_of(stored)
    jobs = [(await stored.add()).job_id for _ in range(5)]
    first = (await get(app, "/api/jobs?limit=3")).json()
    second = (await get(app, f"/api/jobs?limit=3&cursor={first['next_cursor']}")).json()
    assert [job["id"] for page in (first, second) for job in page["jobs"]] == jobs[::-1]
    assert "next_cursor" not in second


async def test_a_log_as_json_and_as_text(stored: StoredJobs) -> None:
    app, job = app_of(stored), await stored.add()
    await stored.say(job, "one\n", "two")
    reply = await get(app, f"/api/jobs/{job.job_id}/log")
    assert [(entry["number"], entry["text"]) for entry in reply.json()["log"]] == [(1, "one\n"), (2, "two")]
    assert reply.json()["last"] == 2
    assert reply.headers["link"] == '<http://127.0.0.1:2/api/jobs/job-1/log?after=2>; rel="next"'
    text = await get(app, f"/api/jobs/{job.job_id}/log?after=1", accept="text/plain")
    assert (text.body, text.headers["content-type"]) == (b"two\n", "text/plain; charset=utf-8")
    empty = await get(app, f"/api/jobs/{job.job_id}/log?after=2")
    assert empty.json() == {"log": [], "last": 2, "status": "queued"}


async def test_the_text_of_a_log_names_its_processes(stored: StoredJobs) -> None:
    app, job = app_of(stored), await stored.add()
    for lane, text in ((0, "one\n"), (1, "two\n"), (1, "three\n"), (0, "four\n")):
        await stored.say(job, text, lane=lane)
    reply = await get(app, f"/api/jobs/{job.job_id}/log", accept="text/plain")
    assert reply.body == b"one\n# process 1\ntwo\nthree\n# process 0\nfour\n"


async def test_a_log_is_followed(stored: StoredJobs) -> None:
    """The answer comes with the next entry, and with the end of the job."""
    app, job = app_of(stored), await stored.add()
    path = f"/api/jobs/{job.job_id}/log"
    following = asyncio.create_task(get(app, f"{path}?after=0", prefer="wait=600"))
    await stored.say(job, "one")
    assert [entry["text"] for entry in (await following).json()["log"]] == ["one"]
    following = asyncio.create_task(get(app, f"{path}?after=1&wait=600"))
    await stored.end(job, JobStatus.CANCELLED)
    assert (await following).json() == {"log": [], "last": 1, "status": "cancelled"}


async def test_a_wait_ends_with_the_job(stored: StoredJobs) -> None:
    app, job = app_of(stored), await stored.add()
    waiting = asyncio.create_task(get(app, f"/api/jobs/{job.job_id}", prefer="wait=600"))
    await stored.end(job, JobStatus.FAILED, error={"error": "x", "code": "timed_out"})
    reply = await waiting
    assert (reply.json()["status"], reply.headers["preference-applied"]) == ("failed", "wait=600")


async def test_a_wait_ends_when_the_worker_closes(stored: StoredJobs) -> None:
    services = make_fake_services()
    services.queue = stored.access
    job = await stored.add()
    waiting = asyncio.create_task(get(make_app(services), f"/api/jobs/{job.job_id}?wait=600"))
    services.admission.closing.set()
    assert (await waiting).json()["status"] == "queued"


async def test_a_caller_who_goes_away_waits_no_longer(stored: StoredJobs) -> None:
    app, job, gone = app_of(stored), await stored.add(), asyncio.Event()
    gone.set()
    async with asyncio.timeout(WITHIN_S):
        reply = await request(app, "GET", f"/api/jobs/{job.job_id}?wait=600", hang_up=gone)
    assert reply.status == 499
    assert app.state.shared.held.by_owner == {}


async def test_too_many_waits_are_refused(stored: StoredJobs) -> None:
    app, job = app_of(stored), await stored.add()
    held = app.state.shared.held
    held.by_owner["anonymous"] = 500
    for path in (f"/api/jobs/{job.job_id}?wait=1", f"/api/jobs/{job.job_id}/events"):
        reply = await get(app, path)
        assert (reply.status, reply.json()["code"]) == (429, "key_requests_full")
        assert int(reply.headers["retry-after"]) > 0
    reply = await post_json(app, "/api/jobs?wait=1", WHOLE)
    assert reply.status == 429
    assert len((await get(app, "/api/jobs")).json()["jobs"]) == 1  # it was not stored either
    assert (await get(app, f"/api/jobs/{job.job_id}")).status == 200


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        ("", "2", 204),
        ("?after=2", "", 204),
        ("?after=1", "2", 200),
        ("", "1", 200),
        ("", "999", 200),
        ("?after=999", "", 200),
        ("", "not-ours é", 200),
        ("", "9" * 10_000, 200),
        ("?after=x", "", 422),
        ("?after=-1", "", 422),
        ("?after=" + "9" * 10_000, "", 422),
        ("?after=%00", "", 422),
    ],
)
async def test_events_of_an_ended_job(stored: StoredJobs, query: str, header: str, status: int) -> None:
    app, job = app_of(stored), await stored.end(await stored.add())
    reply = await get(app, f"/api/jobs/{job.job_id}/events{query}", last_event_id=header)
    assert reply.status == status
    if status == 200:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.body.count(b"event: status\ndata: ") == 1
        assert b"\nid: 2\n" in reply.body


async def test_events_as_lines(stored: StoredJobs) -> None:
    app, job = app_of(stored), await stored.end(await stored.add())
    reply = await get(app, f"/api/jobs/{job.job_id}/events", accept="application/x-ndjson")
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["status"] for line in reply.body.splitlines()] == ["succeeded"]


@pytest.mark.parametrize("path", ["/api/jobs", "/api/jobs/job-1", "/api/jobs/job-1/events", "/api/jobs/job-1/log"])
async def test_a_database_that_is_away_is_told(stored: StoredJobs, path: str) -> None:
    error = QueueUnavailable("The database of queued jobs does not answer.")
    stored.queue.database.run = AsyncMock(side_effect=error)  # type: ignore[method-assign]
    reply = await get(app_of(stored), path)
    assert (reply.status, reply.json()["code"]) == (503, "queue_unavailable")
    assert int(reply.headers["retry-after"]) > 0


async def test_a_full_queue_is_told(stored: StoredJobs) -> None:
    stored.queue.submit = AsyncMock(side_effect=QueueLimitReached("5 jobs wait."))  # type: ignore[method-assign]
    app = app_of(stored)
    for path, body in (("/api/jobs", WHOLE), (f"{PROCESS}?async=true", JOB), (PROCESS, {**JOB, "async": True})):
        reply = await post_json(app, path, body)
        assert (reply.status, reply.json()["code"]) == (429, "queue_limit")
        assert int(reply.headers["retry-after"]) > 0
    reply = await post_json(
        app, PROCESS, {**JOB, "idempotency_key": "a"}, headers=[("accept", "application/x-ndjson")]
    )
    assert (reply.status, reply.json()["code"]) == (429, "queue_limit")


@pytest.mark.parametrize("query", ["async=true", "async=1", "async=", "x=1&async=TRUE"])
async def test_without_a_queue_what_needs_one_is_refused(query: str) -> None:
    app = make_app(make_fake_services())
    for path, body in ((f"{PROCESS}?{query}", JOB), ("/api/jobs", WHOLE), (PROCESS, {**JOB, "async": True})):
        reply = await post_json(app, path, body)
        assert (reply.status, reply.json()["code"]) == (501, "unsupported_feature")
    assert (await get(app, "/api/jobs")).status == 501


@pytest.mark.parametrize("headers", [[], [("prefer", "respond-async")], [("prefer", "wait=5")]])
async def test_without_a_queue_preferences_are_ignored(headers: list[tuple[str | bytes, str | bytes]]) -> None:
    reply = await post_json(make_app(make_fake_services()), f"{PROCESS}?async=false", JOB, headers=headers)
    assert (reply.status, "preference-applied" in reply.headers) == (200, False)


async def test_another_async_is_refused() -> None:
    reply = await post_json(make_app(make_fake_services()), f"{PROCESS}?async=perhaps", JOB)
    assert (reply.status, reply.json()["where"]) == (422, {"field": "async"})


async def test_health_and_metrics_show_the_queue(stored: StoredJobs) -> None:
    await stored.add()
    await stored.begin(await stored.add())
    app = app_of(stored)
    summary = (await get(app, "/health")).json()["queue"]
    assert summary.pop("oldest_waiting_seconds") >= 0
    assert summary == {
        "state": "on",
        "database": "sqlite",
        "jobs": {"queued": 1, "running": 1, "cancelling": 0, "succeeded": 0, "failed": 0, "cancelled": 0},
        "running_here": 0,
        "workers": 0,
        "slots": 0,
    }
    text = (await get(app, "/metrics")).body.decode()
    assert 'ffmpeg_worker_queue_jobs{state="queued"} 1.0' in text
    assert 'ffmpeg_worker_queue_jobs{state="running"} 1.0' in text
    assert "ffmpeg_worker_queue_workers 0.0" in text


async def test_the_numbers_of_the_queue_are_read_rarely(stored: StoredJobs) -> None:
    read = AsyncMock(side_effect=stored.queue.read_stats)
    stored.queue.read_stats = read  # type: ignore[method-assign]
    app = app_of(stored)
    for path in ("/health", "/metrics") * 3:
        assert (await get(app, path)).status == 200
    assert read.await_count == 1


async def test_health_tells_that_the_database_is_away(stored: StoredJobs) -> None:
    error = QueueUnavailable("The database of queued jobs does not answer.")
    stored.queue.read_stats = AsyncMock(side_effect=error)  # type: ignore[method-assign]
    app = app_of(stored)
    assert (await get(app, "/health")).json()["queue"] == {"state": "unavailable"}
    assert "ffmpeg_worker_queue_jobs" not in (await get(app, "/metrics")).body.decode()
    assert (await get(make_app(make_fake_services()), "/health")).json()["queue"] == {"state": "off"}
