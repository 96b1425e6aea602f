"""Callers who follow queued jobs of a real process: events, lines, waits, and hanging up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from support.servers.api_server import Server, running_server
from support.servers.jobs_client import LONG, NDJSON, PROCESS, WITHIN_S, WRONG, JobsClient, open_jobs_client

KEYS = ("first-key",)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    variables = {"FFMPEG_WORKER_API_KEYS": KEYS[0], "MAX_CONCURRENCY": "2", "FFPROBE_PATH": "none"}
    with running_server(tmp_path_factory.mktemp("jobs"), **variables) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[JobsClient]:
    async with open_jobs_client(server.url, KEYS[0]) as opened:
        yield opened


async def test_events_are_resumed_where_they_ended(client: JobsClient) -> None:
    job = await client.send(LONG)
    seen = []
    async with asyncio.timeout(WITHIN_S):
        async for name, number, record in client.events(job["id"]):
            seen.append((name, number, record["status"]))
            if name == "progress":
                break
        assert seen[0][0] == "status"
        await client.ask("DELETE", f"/api/jobs/{job['id']}?wait=60")
        more = [event async for event in client.events(job["id"], Last_Event_ID=str(seen[-1][1]))]
    numbers = [number for _, number, _ in [*seen, *((name, number, "") for name, number, _ in more)]]
    assert numbers == sorted(set(numbers))
    name, number, record = more[-1]
    assert (name, record["status"], record["error"]["code"]) == ("status", "cancelled", "cancelled")
    for resumed in ({"headers": {"Last-Event-ID": str(number)}}, {"params": {"after": str(number)}}):
        async with client.session.get(f"/api/jobs/{job['id']}/events", **resumed) as response:  # type: ignore[arg-type]
            assert response.status == 204


async def test_ten_callers_follow_one_job_to_its_end(client: JobsClient) -> None:
    job = await client.send(LONG)

    async def follow() -> tuple[str, bool]:
        last, moved = "", False
        async for name, _, record in client.events(job["id"]):
            last, moved = record["status"], moved or name == "progress"
            if moved and not has_moved.done():
                has_moved.set_result(None)
        return last, moved

    has_moved = asyncio.get_running_loop().create_future()
    followers = [asyncio.create_task(follow()) for _ in range(10)]
    async with asyncio.timeout(WITHIN_S):
        await has_moved
        await client.ask("DELETE", f"/api/jobs/{job['id']}?wait=60")
        assert {last for last, _ in await asyncio.gather(*followers)} == {"cancelled"}


async def test_progress_as_lines(client: JobsClient) -> None:
    """As events of a job, and before the result of a synchronous request that needs the queue."""
    body = {"chainCmds": LONG["chainCmds"].replace("300", "1.2"), "idempotency_key": "lines"}
    async with asyncio.timeout(WITHIN_S), client.session.post(PROCESS, json=body, headers=NDJSON) as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert {"stage", "percent"} <= lines[0]["progress"].keys()
    assert lines[-2:] == [{"status": 200}, lines[-1]]
    assert lines[-1]["outputs"][0]["name"] == "long.mkv"
    async with client.session.get(f"/api/jobs/{lines[-1]['job_id']}/events", headers=NDJSON) as response:
        assert [json.loads(line)["status"] for line in (await response.text()).splitlines()] == ["succeeded"]
    async with client.session.post(PROCESS, json={**WRONG, "idempotency_key": "no"}, headers=NDJSON) as response:
        assert (response.status, (await response.json())["code"]) == (404, "source_not_found")


async def test_callers_who_hang_up_leave_nothing_but_their_job(client: JobsClient, server: Server) -> None:
    job = await client.send(LONG)

    async def open_requests() -> int:
        async with client.session.get("/metrics") as response:
            lines = (await response.text()).splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith("ffmpeg_worker_key_open_req"))

    async def reaches(count: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while await open_requests() != count:  # noqa: ASYNC110 - the server does not tell
                await asyncio.sleep(0.02)

    async with aiohttp.ClientSession(server.url, headers={"X-API-Key": KEYS[0]}) as session:
        leaving = JobsClient(session)
        sync = {**LONG, "idempotency_key": "hang up"}
        waits = [
            asyncio.create_task(leaving.ask("POST", PROCESS, sync)),
            asyncio.create_task(leaving.ask("GET", f"/api/jobs/{job['id']}?wait=600")),
            asyncio.create_task(leaving.ask("GET", f"/api/jobs/{job['id']}/events")),
            asyncio.create_task(leaving.ask("GET", f"/api/jobs/{job['id']}/log?after=99999&wait=600")),
        ]
        await reaches(len(waits) + 1)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    await reaches(1)
    page, _ = await client.ask("GET", "/api/jobs?status=running,queued")
    assert len(page["jobs"]) == 2
    assert not [line for line in server.log_lines() if line["level"] == "ERROR"]


async def test_a_server_that_ends_answers_those_who_wait(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A job that waits goes on after the restart; its callers get its record, and their streams end."""
    folder = tmp_path_factory.mktemp("ending")
    with running_server(folder, MAX_CONCURRENCY="1", FFMPEG_WORKER_QUEUE_GRACE_S="0") as server:
        async with aiohttp.ClientSession(server.url) as session, asyncio.timeout(WITHIN_S):
            client = JobsClient(session)
            job = await client.send(LONG)
            waiting = asyncio.create_task(client.ask("GET", f"/api/jobs/{job['id']}?wait=600"))
            following = client.events(job["id"])
            async for _, _, record in following:
                if record["status"] == "running":
                    break
            ending = asyncio.create_task(asyncio.to_thread(server.stop))
            assert (await waiting)[0]["status"] == "running"
            assert await ending == 0
