"""The job loop: takes jobs up to its limit, delivers each result, and ends in an orderly way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from ffmpeg_worker.runpod_worker.job_loop import JobLoop
from ffmpeg_worker.runpod_worker.platform import Platform
from support.wait_until import until_async

RESULT = {"output": {"success": True, "result": {}}}


class FakePlatform:
    """Hands out jobs from `queue` and cancellations from `cancelled`; records results."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.cancelled: asyncio.Queue[str] = asyncio.Queue()
        self.asked: list[int] = []
        self.results: list[tuple[str, dict[str, Any]]] = []
        self.status = 200

    async def __aenter__(self) -> FakePlatform:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def take_jobs(self, max_count: int) -> list[dict[str, Any]]:
        self.asked.append(max_count)
        return [await self.queue.get()]

    async def take_cancellations(self) -> list[str]:
        return [await self.cancelled.get()]

    async def post_result(self, job_id: str, result: dict[str, Any]) -> tuple[int, None]:
        self.results.append((job_id, result))
        return self.status, None

    def submit(self, *job_ids: str) -> None:
        for job_id in job_ids:
            self.queue.put_nowait({"id": job_id})


class Jobs:
    """Jobs that end when `released` is set."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.released = asyncio.Event()

    async def run(self, job: dict[str, Any]) -> dict[str, Any]:
        self.begun.append(job["id"])
        if job["id"] == "crashes":
            raise RuntimeError
        await self.released.wait()
        return RESULT


class Scene:
    def __init__(self, *, max_concurrency: int = 2, shutdown_s: float = 10) -> None:
        self.platform, self.jobs = FakePlatform(), Jobs()
        self.in_progress: set[str] = set()
        self.loop = JobLoop(
            cast(Platform, self.platform),
            self.jobs.run,
            self.in_progress,
            max_concurrency=max_concurrency,
            shutdown_s=shutdown_s,
        )
        self.running = asyncio.create_task(self.loop.run())

    async def end(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await self.running


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A loop that runs two jobs at once."""
    scene = Scene()
    await asyncio.sleep(0)
    yield scene
    if not scene.running.done():
        scene.jobs.released.set()
        await scene.end()


async def test_as_many_jobs_run_as_the_limit_allows(scene: Scene) -> None:
    scene.platform.submit("a", "b", "c")
    await until_async(lambda: scene.jobs.begun == ["a", "b"])
    assert scene.in_progress == {"a", "b"}
    assert scene.platform.asked == [2, 1]
    scene.jobs.released.set()
    await until_async(lambda: len(scene.platform.results) == 3)
    assert sorted(scene.platform.results) == [("a", RESULT), ("b", RESULT), ("c", RESULT)]
    await until_async(lambda: scene.in_progress == set())


async def test_a_job_that_crashes_has_a_result(scene: Scene) -> None:
    scene.platform.submit("crashes")
    await until_async(lambda: bool(scene.platform.results))
    [(_, result)] = scene.platform.results
    assert result["output"]["details"]["code"] == "worker_error"


async def test_a_cancelled_job_is_stopped_and_gets_no_result(scene: Scene) -> None:
    scene.platform.submit("a")
    await until_async(lambda: scene.jobs.begun == ["a"])
    scene.platform.cancelled.put_nowait("a")
    await until_async(lambda: scene.in_progress == set())
    assert scene.platform.results == []


async def test_a_job_that_is_handed_out_twice_runs_once(scene: Scene) -> None:
    scene.platform.submit("a")
    await until_async(lambda: scene.jobs.begun == ["a"])
    scene.platform.submit("a")
    await until_async(scene.platform.queue.empty)
    scene.jobs.released.set()
    await until_async(lambda: bool(scene.platform.results))
    assert (scene.jobs.begun, scene.platform.results) == (["a"], [("a", RESULT)])


async def test_an_undelivered_result_is_delivered_without_another_run(scene: Scene) -> None:
    scene.platform.status = 401
    scene.jobs.released.set()
    scene.platform.submit("a")
    await until_async(lambda: len(scene.platform.results) == 1)
    await until_async(lambda: scene.in_progress == set())
    scene.platform.status = 200
    scene.platform.submit("a")
    await until_async(lambda: len(scene.platform.results) == 2)
    assert (scene.jobs.begun, scene.platform.results[1]) == (["a"], ("a", RESULT))


async def test_after_a_signal_running_jobs_finish_and_no_more_are_taken(scene: Scene) -> None:
    scene.platform.submit("a")
    await until_async(lambda: scene.jobs.begun == ["a"])
    asyncio.get_running_loop().call_later(0.05, scene.jobs.released.set)
    await scene.end()
    assert scene.platform.results == [("a", RESULT)]
    assert scene.in_progress == set()


@pytest.mark.parametrize("signals", [1, 2])
async def test_jobs_that_cannot_finish_in_time_are_interrupted(signals: int) -> None:
    scene = Scene(shutdown_s=0.05 if signals == 1 else 60)
    scene.platform.submit("a")
    await until_async(lambda: scene.jobs.begun == ["a"])
    if signals == 2:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.02)
    await scene.end()
    [(_, result)] = scene.platform.results
    details = result["output"]["details"]
    assert (details["code"], details["retryable"]) == ("interrupted", True)
