"""Knows which workers share the database, and notices when one is dead.

A worker counts up its `beat`. One whose beat stands still for `DEAD_AFTER_S` on the clock of the observer is dead:
no clock of another machine is compared, and time in which the observer could not look does not count. After the
database was away, the time begins anew. On the same machine a worker is dead as soon as its process has gone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.tables import workers
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait

BEAT_S = 3.0
DEAD_AFTER_S = 15.0

OnDead = Callable[[Sequence[str]], Awaitable[bool]]
"""Takes over from dead workers; returns whether nothing is left with them."""


class Membership:
    """The entry of this worker among those that share the database."""

    def __init__(
        self,
        database: Database,
        executor: str,
        *,
        version: str,
        place: str = "",
        slots: int,
        on_dead: OnDead,
        beat_s: float = BEAT_S,
    ) -> None:
        """`executor` names this worker uniquely; `beat_s` also scales the time after which others are dead."""
        self._database = database
        self._entry = {
            "executor": executor,
            "beat": 0,
            "machine": _machine(),
            "process": _process(os.getpid()),
            "version": version,
            "place": place,
            "slots": slots,
            "started_at": time.time(),
        }
        self._executor = executor
        self._on_dead = on_dead
        self._beat_s = beat_s
        self._dead_after_s = beat_s * DEAD_AFTER_S / BEAT_S
        self._is_entered = False
        self._seen: dict[str, tuple[int, float]] = {}
        """The beat of every other worker, and the seconds for which it stood still while this one looked."""
        self._looked_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def enter(self) -> None:
        """Enter this worker, before it takes any work: a job of a worker without an entry would be nobody's."""
        await self._database.run(partial(_enter, entry=self._entry))
        self._is_entered = True

    async def open(self) -> None:
        """Begin to beat, and take over from workers of this machine that are dead."""
        await self._look()
        self._task = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Remove the entry, so that others take over at once what this worker has left."""
        if self._task is not None:
            await cancel_and_wait(self._task)
        if not self._is_entered:
            return
        with suppress(WorkerError):
            await self._database.run(partial(_leave, executor=self._executor), patience_s=2)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            await self._beat_once()

    async def _beat_once(self) -> None:
        try:
            await self._database.run(partial(_count_up, entry=self._entry), patience_s=self._beat_s)
            await self._look()
        except WorkerError as error:
            # Nobody could beat either. When the database is back, everyone has the whole time to do so: workers
            # connect again at different moments, and slowly on a busy machine.
            self._seen = {}
            log(logging.WARNING, "the database of queued jobs does not answer", detail=error.detail)
        except Exception:
            log(logging.ERROR, "the beat of this worker failed", exc_info=True)

    async def _look(self) -> None:
        """Find dead workers, and take over from them; an entry is removed when nothing is left with it."""
        others = await self._database.run(partial(_read_others, executor=self._executor))
        dead = self._find_dead(others)
        if dead:
            log(logging.WARNING, "workers are dead, their jobs are taken over", workers=dead)
            if await self._on_dead(dead):
                await self._database.run(partial(_remove, executors=dead))

    def _find_dead(self, others: Sequence[Any]) -> list[str]:
        dead, seen, passed_s = [], {}, self._measure_time()
        for other in others:
            beat, silent_s = self._seen.get(other.executor, (None, 0.0))
            silent_s = silent_s + passed_s if beat == other.beat else 0.0
            seen[other.executor] = other.beat, silent_s
            is_gone = other.beat < 0 or (other.machine == self._entry["machine"] and not _is_alive(other.process))
            if is_gone or silent_s > self._dead_after_s:
                dead.append(other.executor)
        self._seen = seen
        return dead

    def _measure_time(self) -> float:
        """Return the seconds since the last look; of a longer pause, only what two beats take.

        While the database was away, or this worker stood still, nobody could see the others live.
        """
        now = time.monotonic()
        passed_s = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        return min(passed_s, 2 * self._beat_s)


def count_workers(connection: sa.Connection, place: str) -> tuple[int, int]:
    """Return the number of workers that run jobs, and of those that share the folder of jobs `place`."""
    query = sa.select(workers.c.place).where(workers.c.slots > 0)
    places = list(connection.execute(query).scalars())
    return len(places), places.count(place)


def _enter(connection: sa.Connection, entry: dict[str, object]) -> None:
    connection.execute(sa.delete(workers).where(workers.c.executor == entry["executor"]))
    connection.execute(sa.insert(workers).values(entry))


def _count_up(connection: sa.Connection, entry: dict[str, object]) -> None:
    """A worker that was taken for dead enters itself again; its jobs stay with those that took over."""
    mine = workers.c.executor == entry["executor"]
    if not connection.execute(sa.update(workers).where(mine).values(beat=workers.c.beat + 1)).rowcount:
        connection.execute(sa.insert(workers).values(entry))


def _leave(connection: sa.Connection, executor: str) -> None:
    """A negative beat tells the others that this worker has ended."""
    connection.execute(sa.update(workers).where(workers.c.executor == executor).values(beat=-1, slots=0))


def _read_others(connection: sa.Connection, executor: str) -> Sequence[Any]:
    query = sa.select(workers.c.executor, workers.c.beat, workers.c.machine, workers.c.process)
    return connection.execute(query.where(workers.c.executor != executor)).all()


def _remove(connection: sa.Connection, executors: Sequence[str]) -> None:
    connection.execute(sa.delete(workers).where(workers.c.executor.in_(executors)))


def _machine() -> str:
    """Name what ids of processes are unique in: the running kernel and its namespace of processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()} {os.getpid()} {time.time()}"


def _process(pid: int) -> str:
    """Name a process by its id and start time, since ids are used again; empty if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else f"{pid} {fields[19]}"


def _is_alive(process: str) -> bool:
    pid = process.partition(" ")[0]
    return pid.isdigit() and _process(int(pid)) == process
