"""The queue is opened by the first job that needs it, once, or not at all."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker.errors import Misconfigured, QueueUnavailable, UnsupportedFeature
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.settings import Settings

Access = Callable[..., QueueAccess]


@pytest.fixture
async def access(tmp_path: Path) -> AsyncIterator[Access]:
    """Makes accesses to queues in `tmp_path / "state"`; closes them all."""
    made: list[QueueAccess] = []

    def make(**settings: Any) -> QueueAccess:
        chosen = Settings(**{"state_root": tmp_path / "state", "max_concurrency": 1, **settings})
        made.append(QueueAccess(chosen, _resources(), lambda _record, _seconds: None))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_a_queue_that_is_off_is_refused(access: Access, tmp_path: Path) -> None:
    queue = access(queue="off")
    assert not queue.is_on
    await queue.open_if_used()
    with pytest.raises(UnsupportedFeature, match="no queue") as caught:
        await queue.get()
    assert caught.value.hint is not None
    assert "FFMPEG_WORKER_QUEUE" in caught.value.hint
    assert not (tmp_path / "state").exists()


async def test_nothing_is_opened_before_it_is_used(access: Access, tmp_path: Path) -> None:
    queue = access()
    await queue.open_if_used()
    assert queue.opened is None
    assert not (tmp_path / "state").exists()


async def test_it_is_opened_once(access: Access, tmp_path: Path) -> None:
    queue = access()
    first, *others = await asyncio.gather(*(queue.get() for _ in range(20)))
    assert all(one is first for one in others)
    assert queue.opened is first
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    async with asyncio.timeout(8):  # threads of the engine that sleep are waited for: up to ten seconds each
        await queue.close()
    assert queue.opened is None
    with pytest.raises(UnsupportedFeature):
        await queue.get()
    again = access()
    await again.open_if_used()
    assert again.opened is not None, "jobs may wait in it"


def _resources() -> WorkerResources:
    usage = SimpleNamespace(add_folder=lambda _folder: None)
    return cast(WorkerResources, SimpleNamespace(compute=None, stores=SimpleNamespace(data_usage=usage)))


def damage_key(state: Path) -> None:
    (state / "seal.key").write_text("short")


def damage_jobs(state: Path) -> None:
    (state / "jobs.db").write_bytes(b"canary " * 1000)


def damage_engine(state: Path) -> None:
    (state / "engine.db").write_bytes(b"canary " * 1000)


def fill_engine(state: Path) -> None:
    """A database that the engine refuses, after it was opened."""
    with closing(sqlite3.connect(state / "engine.db")) as connection:
        connection.execute("CREATE TABLE dbos_migrations (x)")
        connection.execute("INSERT INTO dbos_migrations VALUES ('canary')")
        connection.commit()


def block_jobs_folder(state: Path) -> None:
    (state / "jobs").touch()


@pytest.mark.parametrize("damage", [damage_key, damage_jobs, damage_engine, fill_engine, block_jobs_folder])
async def test_what_is_damaged_is_told_and_can_be_mended(
    access: Access, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    damage(state)
    queue = access()
    for _ in range(2):
        with pytest.raises(Misconfigured) as caught:
            await queue.get()
        assert caught.value.hint
    shutil.rmtree(state)
    assert await queue.get() is queue.opened


async def test_a_state_folder_that_cannot_be_made_is_named(access: Access, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="state folder"):
        await access(state_root=tmp_path / "file").get()


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite:///jobs.db", "host/name", "postgresql:host"])
async def test_only_postgresql_is_shared(access: Access, url: str) -> None:
    with pytest.raises(Misconfigured, match="not the URL of a PostgreSQL database"):
        await access(database_url=url, state_key="key").get()


async def test_a_shared_database_needs_a_shared_key(access: Access) -> None:
    with pytest.raises(Misconfigured, match="FFMPEG_WORKER_STATE_KEY"):
        await access(database_url="postgresql://host/name").get()


async def test_a_database_that_does_not_answer_is_told(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffmpeg_worker.job_queue.database.OPEN_PATIENCE_S", 0.0)
    queue = access(database_url="postgresql://user:canary@127.0.0.1:1/name", state_key="key")
    with pytest.raises(QueueUnavailable) as caught:
        await queue.open_if_used()
    assert "canary" not in str(caught.value)
