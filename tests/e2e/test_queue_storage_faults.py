"""Queued jobs when the disk is full, the database is locked, the key is gone, or the clock jumps."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.programs import jumping_server
from support.queued_jobs import send, show, wait_for_end, wait_for_status, wait_until
from support.servers.api_server import running_server
from support.small_disk import filled, small_disk

VARIABLES = {
    "MAX_CONCURRENCY": "2",
    "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
    "FFMPEG_WORKER_QUEUE_GRACE_S": "0",
}


def make_job(command: str = "-f lavfi -i testsrc=size=64x36:duration=0.2 -c:v mpeg4 o.mp4") -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": command}}


def slow_job(seconds: float) -> dict[str, Any]:
    return make_job(f"-re -f lavfi -i testsrc=size=64x36:duration={seconds} -c:v mpeg4 o.mp4")


async def test_a_full_disk_refuses_jobs_and_loses_none(tmp_path: Path) -> None:
    with small_disk(tmp_path / "state", megabytes=24) as state:
        settings = {**VARIABLES, "FFMPEG_WORKER_STATE_ROOT": str(state)}
        with running_server(tmp_path, **settings) as server:
            async with aiohttp.ClientSession() as session:
                first = await send(session, server.url, make_job())
                assert (await wait_for_end(session, server.url, first))["status"] == "succeeded"
                waiting = [await send(session, server.url, slow_job(2)) for _ in range(4)]
                with filled(state):
                    async with session.post(f"{server.url}/api/jobs", json=make_job()) as response:
                        problem = await response.json()
                    assert response.status == 503, problem
                    assert (problem["code"], problem["retryable"]) == ("queue_unavailable", True)
                    assert "disk" in problem["error"]
                    assert (await show(session, server.url, first))["status"] == "succeeded"
                ends = [await wait_for_end(session, server.url, job_id) for job_id in waiting]
                for end in ends:
                    # What ran meanwhile may have failed; what waited did not.
                    assert end["status"] == "succeeded" or end["error"]["retryable"], end
                assert ends[-1]["status"] == "succeeded"
                # A job that fills the disk itself fails, and makes room again for its own record.
                large = "-f lavfi -i testsrc=size=640x360:duration=60 -c:v rawvideo -f nut o.nut"
                ended = await wait_for_end(session, server.url, await send(session, server.url, make_job(large)))
                assert (ended["status"], ended["error"]["code"]) == ("failed", "disk_full")
                assert ended["error"]["retryable"]
                assert not (state / "jobs" / ended["id"]).exists()
                again = await send(session, server.url, make_job())
                assert (await wait_for_end(session, server.url, again))["status"] == "succeeded"


async def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    with running_server(tmp_path, **VARIABLES) as server:
        async with aiohttp.ClientSession() as session:
            running = await send(session, server.url, slow_job(2))
            await wait_for_status(session, server.url, running, "running")
            databases = [sqlite3.connect(tmp_path / "state" / name) for name in ("jobs.db", "engine.db")]
            for database in databases:
                database.isolation_level = None
                database.execute("BEGIN EXCLUSIVE")
            requests = [
                asyncio.create_task(session.post(f"{server.url}/api/jobs", json=make_job())),
                asyncio.create_task(session.get(f"{server.url}/api/jobs/{running}")),
            ]
            await asyncio.sleep(0)
            async with session.get(f"{server.url}/health") as response:
                assert response.status == 200, "others are served meanwhile"
            locked_until = time.monotonic() + 5
            await wait_until(lambda: time.monotonic() > locked_until, "the time of the lock")
            for database in databases:
                database.execute("ROLLBACK")
                database.close()
            for response in await asyncio.gather(*requests):
                assert response.status in {200, 202, 503}, await response.text()
            assert (await wait_for_end(session, server.url, running))["status"] == "succeeded"
            async with session.get(f"{server.url}/api/jobs") as response:
                jobs = (await response.json())["jobs"]
            for job in jobs:
                assert (await wait_for_end(session, server.url, job["id"]))["status"] == "succeeded"


async def test_a_lost_key_is_told_at_the_start_and_nothing_is_lost(tmp_path: Path) -> None:
    key = tmp_path / "state/seal.key"
    async with aiohttp.ClientSession() as session:
        with running_server(tmp_path, **VARIABLES) as server:
            waiting = await send(session, server.url, slow_job(60))
            await wait_for_status(session, server.url, waiting, "running")
            server.process.kill()
        kept = shutil.copy(key, tmp_path / "backup")
        key.unlink()
        check_refused_start(tmp_path, "sealed with another key")
        key.write_text("x")
        check_refused_start(tmp_path, "seal.key is damaged")
        shutil.copy(kept, key)
        with running_server(tmp_path, **VARIABLES) as server:
            await wait_for_status(session, server.url, waiting, "running")


def check_refused_start(folder: Path, reason: str) -> None:
    with pytest.raises(AssertionError, match="did not start") as caught, running_server(folder, **VARIABLES):
        pass
    assert reason in str(caught.value)


async def test_a_clock_that_jumps_loses_no_job(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    with running_server(tmp_path, jumping_server, **VARIABLES, CLOCK_OFFSET=str(offset)) as server:
        async with aiohttp.ClientSession() as session:
            jobs = []
            for seconds in (0, 3600, -3600, 0):
                offset.write_text(str(seconds))
                jobs += [await send(session, server.url, slow_job(0.5)) for _ in range(3)]
            for job_id in jobs:
                end = await wait_for_end(session, server.url, job_id)
                assert (end["status"], end["attempts"]) == ("succeeded", 1), end
                times = [datetime.fromisoformat(end[f"{what}_at"]) for what in ("created", "started", "ended")]
                assert times == sorted(times)
            async with session.get(f"{server.url}/api/jobs") as response:
                listed = [job["id"] for job in (await response.json())["jobs"]]
            assert listed == jobs[::-1], "the list has the order in which they were sent"
            offset.write_text("-3600")
            cancelled = [await send(session, server.url, slow_job(60)) for _ in range(4)]
            for job_id in cancelled:
                async with session.delete(f"{server.url}/api/jobs/{job_id}") as response:
                    assert response.status in {200, 202}
            for job_id in cancelled:
                assert (await wait_for_end(session, server.url, job_id))["status"] == "cancelled"
