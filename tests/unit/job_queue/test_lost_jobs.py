"""Jobs that are stored, but that the engine does not have, are queued again: each once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import pytest

from ffmpeg_worker.errors import QueueUnavailable
from ffmpeg_worker.job_queue import lost_jobs as module
from ffmpeg_worker.job_queue.attempt_store import begin_attempt
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.dbos_runtime import Engine
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    get_job,
    insert_job,
    request_cancel,
)
from ffmpeg_worker.job_queue.lost_jobs import LostJobs
from support.wait_until import until_async


class FakeEngine:
    """Runs by id, and whether they are open; each run is queued once."""

    def __init__(self) -> None:
        self.runs: dict[str, bool] = {}
        self.queued: list[tuple[str, str, int, bool]] = []
        self.asked = 0

    def find_runs(self, run_ids: Sequence[str]) -> dict[str, bool]:
        self.asked += 1
        return {run_id: self.runs[run_id] for run_id in run_ids if run_id in self.runs}

    def enqueue(self, run_id: str, job_id: str, *, priority: int, is_piece: bool = False) -> None:
        if run_id not in self.runs:
            self.runs[run_id] = True
            self.queued.append((run_id, job_id, priority, is_piece))

    def wake(self, *, is_piece: bool | None = None) -> None:
        pass


class Lab:
    """Jobs in a database, and an engine that may not have them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.engine = FakeEngine()
        self.ended: list[str] = []
        self.lost = LostJobs(database, cast(Engine, self.engine), self.end)

    async def end(self, job_id: str) -> bool:
        self.ended.append(job_id)
        return True

    async def add(self, *job_ids: str, **more: Any) -> None:
        for job_id in job_ids:
            new = NewJob(job_id, "key-1", "probe", 7, b"", "", **more)
            await self.database.run(partial(insert_job, job=new))


@pytest.fixture
async def lab(database: Database) -> Lab:
    return Lab(database)


async def test_jobs_that_the_engine_does_not_have_are_queued(lab: Lab) -> None:
    await lab.add("known", "lost", "ended")
    await lab.add("piece", parent_id="known")
    await lab.add("running", "cancelled")
    lab.engine.runs = {"known.1": True, "ended.1": False, "running.1": True}
    await lab.database.run(partial(begin_attempt, job_id="running", executor="worker", token="t"))
    await lab.database.run(partial(request_cancel, job_id="cancelled", owner=None))
    for _ in range(2):
        await lab.lost.find_all()
    assert lab.engine.queued == [
        ("lost.1", "lost", 7, False),
        ("ended.2", "ended", 7, False),
        ("piece.1", "piece", 7, True),
    ]
    assert lab.ended == ["cancelled", "cancelled"]
    assert (await lab.database.run(partial(get_job, job_id="ended"))).run_id == "ended.2"


async def test_the_engine_is_asked_for_many_jobs_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 10)
    await lab.add(*(f"job-{number}" for number in range(25)))
    await lab.lost.find_all()
    assert lab.engine.asked == 3
    assert len(lab.engine.queued) == 25


async def test_jobs_that_get_lost_later_are_found(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    monkeypatch.setattr(module, "LOOK_S", 0.005)
    await lab.lost.open()
    try:
        await lab.add(*(f"job-{number}" for number in range(5)))
        await until_async(lambda: len(lab.engine.queued) == 5)
        await lab.add("late")
        await until_async(lambda: len(lab.engine.queued) == 6)
        run, tries = lab.engine.find_runs, 0

        def fail(run_ids: Sequence[str]) -> dict[str, bool]:
            nonlocal tries
            tries += 1
            raise QueueUnavailable("Away.") if tries % 2 else RuntimeError("of the engine")

        monkeypatch.setattr(lab.engine, "find_runs", fail)
        await lab.add("later still")
        await until_async(lambda: tries > 3)
        monkeypatch.setattr(lab.engine, "find_runs", run)
        await until_async(lambda: len(lab.engine.queued) == 7)
    finally:
        await lab.lost.close()
