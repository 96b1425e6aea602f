"""Workers that share a database notice dead ones, by beats that stand still and by processes that are gone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import QueueUnavailable
from ffmpeg_worker.job_queue import membership
from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.membership import BEAT_S, DEAD_AFTER_S, Membership, count_workers
from ffmpeg_worker.job_queue.tables import workers


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "jobs.db"))
    await opened.open()
    yield opened
    await opened.close()


def make(database: Database, name: str, dead: list[str] | None = None) -> Membership:
    async def on_dead(executors: Sequence[str]) -> bool:
        if dead is not None:
            dead.extend(executors)
        return True

    return Membership(database, name, version="1", slots=2, on_dead=on_dead, beat_s=0.02)


def other(executor: str = "other", *, beat: int = 1, machine: str = "elsewhere", process: str = "1 1") -> Any:
    return SimpleNamespace(executor=executor, beat=beat, machine=machine, process=process)


async def names(database: Database) -> set[str]:
    return set(await database.run(lambda db: list(db.execute(sa.select(workers.c.executor)).scalars())))


async def wait_for_names(database: Database, expected: set[str]) -> None:
    async with asyncio.timeout(10):
        while await names(database) != expected:  # noqa: ASYNC110 - other tasks write the table
            await asyncio.sleep(0.01)


def test_a_beat_that_stands_still_is_death(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("ffmpeg_worker.job_queue.membership.time.monotonic", lambda: clock[0])
    member = Membership(SimpleNamespace(), "me", version="1", slots=1, on_dead=None)  # type: ignore[arg-type]
    assert member._find_dead([other(beat=7)]) == []
    for _ in range(int(DEAD_AFTER_S / BEAT_S) + 1):
        assert member._find_dead([other(beat=8)]) == []
        clock[0] += BEAT_S
    assert member._find_dead([other(beat=8)]) == ["other"]


def test_time_in_which_nobody_could_look_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a database was away, the first worker to reach it sees that all others stand still."""
    clock = [1000.0]
    monkeypatch.setattr("ffmpeg_worker.job_queue.membership.time.monotonic", lambda: clock[0])
    member = Membership(SimpleNamespace(), "me", version="1", slots=1, on_dead=None)  # type: ignore[arg-type]
    for beat in (1, 2, 3):
        assert member._find_dead([other(beat=beat)]) == []
        clock[0] += 3600
        assert member._find_dead([other(beat=beat)]) == []


async def test_after_an_outage_all_have_the_whole_time_to_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker may need longer to reach the database again than this one."""
    clock, silent, dead = [1000.0], other(), list[str]()
    database = SimpleNamespace(is_away=False)
    monkeypatch.setattr("ffmpeg_worker.job_queue.membership.time.monotonic", lambda: clock[0])

    async def run(work: Any, **_: Any) -> Any:
        if database.is_away:
            raise QueueUnavailable("away", detail="away")
        return [silent] if work.func is membership._read_others else None

    async def on_dead(executors: Sequence[str]) -> bool:
        dead.extend(executors)
        return True

    database.run = run
    member = Membership(database, "me", version="1", slots=1, on_dead=on_dead)  # type: ignore[arg-type]
    for database.is_away in (False, False, True, True):
        await member._beat_once()
        clock[0] += BEAT_S
    database.is_away = False
    for _ in range(int(DEAD_AFTER_S / BEAT_S) + 1):
        await member._beat_once()
        clock[0] += BEAT_S
    assert dead == []
    await member._beat_once()
    assert dead == ["other"]


def test_a_worker_that_has_left_is_dead_at_once() -> None:
    member = Membership(SimpleNamespace(), "me", version="1", slots=1, on_dead=None)  # type: ignore[arg-type]
    assert member._find_dead([other(beat=-1)]) == ["other"]


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once() -> None:
    member = Membership(SimpleNamespace(), "me", version="1", slots=1, on_dead=None)  # type: ignore[arg-type]
    here = str(member._entry["machine"])
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = membership._process(child.pid)
        assert member._find_dead([other(machine=here, process=process)]) == []
        again = f"{child.pid} 12345"  # the id belongs to another process now
        assert member._find_dead([other(machine=here, process=again)]) == ["other"]
        child.kill()
        child.wait()
    assert member._find_dead([other(machine=here, process=process)]) == ["other"]
    assert member._find_dead([other(machine="elsewhere", process=process)]) == []
    assert membership._process(os.getpid()) == member._entry["process"]


async def test_workers_come_and_go(database: Database) -> None:
    dead: list[str] = []
    first, second = make(database, "first", dead), make(database, "second")
    for member in (first, second):
        await member.enter()
        await member.open()
    assert await names(database) == {"first", "second"}
    assert await database.run(partial(count_workers, place="")) == (2, 2)
    await second.close()
    await wait_for_names(database, {"first"})
    assert set(dead) == {"second"}
    await first.close()


async def test_a_worker_that_was_taken_for_dead_enters_itself_again(database: Database) -> None:
    member = make(database, "first")
    await member.enter()
    await member.open()
    await database.run(lambda db: db.execute(sa.delete(workers)))
    await wait_for_names(database, {"first"})
    await member.close()
