"""Reads media information with ffprobe if it is installed, otherwise in child processes of the job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ffmpeg_worker.ffmpeg.probe.ffprobe import Ffprobe
from ffmpeg_worker.ffmpeg.probe.probe_pool import ProbePool
from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.jail import Jail

_PROGRAM = "ffmpeg_worker.ffmpeg.probe.probe_program:serve"


class Prober:
    """Probes files; opened and closed with the worker."""

    def __init__(self, ffprobe: Path | None, spawner: Spawner) -> None:
        self.ffprobe = Ffprobe(ffprobe, spawner)
        self.pool = ProbePool(_PROGRAM)

    @property
    def program(self) -> str:
        """Program that answers `probe` jobs: `ffprobe` or `pyav`."""
        return "pyav" if self.ffprobe.program is None else "ffprobe"

    async def open(self) -> None:
        """Start the program that children are forked from."""
        await self.pool.open()

    async def close(self) -> None:
        """Stop all children."""
        await self.pool.close()

    @asynccontextmanager
    async def session(
        self, jail: Jail | None = None, *, deadline: float | None = None
    ) -> AsyncIterator[ProbeSession]:
        """Open a session for one job, confined by its `jail`, until `deadline` of the monotonic clock."""
        session = ProbeSession(self.ffprobe, self.pool, jail=jail, deadline=deadline)
        try:
            yield session
        finally:
            await session.close()
