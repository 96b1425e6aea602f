"""Keeps an idle child of a probe program ready for the next job; no child serves two jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ffmpeg_worker.ffmpeg.probe.probe_process import ProbeProcess, fork_probe_process
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.tasks import cancel_and_wait

_AFTER_JOB_S = 0.01
"""Children are stopped and forked this long after a job: its answer does not wait for that."""
_REFILL_S = 0.25
"""Or, while a job runs, this long after it has taken a child: its ffmpeg gets the processor first."""


class ProbePool:
    """Forks children of one preloaded program; opened and closed with the worker."""

    def __init__(self, preload: str) -> None:
        """`preload` is the "module:function" of the program, see `Spawner`."""
        self._forks = Spawner(preload=preload)
        self._idle: asyncio.Task[ProbeProcess] | None = None
        self._used: list[ProbeProcess] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def open(self) -> None:
        """Start the process that children are forked from."""
        self._is_closed = False
        await self._forks.open()
        self._refill()

    async def close(self) -> None:
        """Stop all children."""
        self._is_closed = True
        if self._idle is not None:
            await cancel_and_wait(self._idle)
        self._stop_used()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._forks.close()

    async def take(self) -> ProbeProcess:
        """Return an unused child; the next idle one is forked a little later.

        Raises:
            EngineUnavailable: none can be started.
        """
        idle, self._idle = self._idle, None
        asyncio.get_running_loop().call_later(_REFILL_S, self._refill)
        process = await idle if idle is not None else None
        return process if process is not None and process.alive else await fork_probe_process(self._forks)

    def give_back(self, processes: Iterable[ProbeProcess]) -> None:
        """Stop the children of a job that has ended, soon."""
        self._used += processes
        asyncio.get_running_loop().call_later(_AFTER_JOB_S, self._tidy)

    def _tidy(self) -> None:
        self._refill()
        self._stop_used()

    def _refill(self) -> None:
        if self._idle is None and not self._is_closed:
            self._idle = asyncio.ensure_future(fork_probe_process(self._forks))

    def _stop_used(self) -> None:
        while self._used:
            task = asyncio.ensure_future(self._used.pop().close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class JobChild:
    """The child that serves one job; another one takes its place when it has died."""

    def __init__(self, pool: ProbePool, confine: Callable[[ProbeProcess], None]) -> None:
        """`confine` confines a child as the job needs it, before it is asked."""
        self.pool = pool
        self.processes: list[ProbeProcess] = []
        """All that have served, the present one last."""
        self._confine = confine
        self._taking: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Begin to take and confine a child, unless that has been done."""
        if self._taking is None and not self.processes:
            self._taking = asyncio.ensure_future(self._take())

    async def current(self) -> ProbeProcess:
        """Return the child; a new one, if there is none or it has ended. One caller at a time.

        Raises:
            EngineUnavailable: none can be started.
        """
        await self._finish_taking()
        if not self.processes or not self.processes[-1].alive:
            self._taking = asyncio.ensure_future(self._take())
            await self._finish_taking()
        return self.processes[-1]

    async def close(self) -> None:
        """Give all children back."""
        if self._taking is not None:
            await cancel_and_wait(self._taking)
        if self.processes:
            self.pool.give_back(self.processes)

    async def _finish_taking(self) -> None:
        if self._taking is None:
            return
        try:
            await self._taking
        finally:
            self._taking = None

    async def _take(self) -> None:
        process = await self.pool.take()
        self.processes.append(process)
        # What the job may read is known only now.
        self._confine(process)
