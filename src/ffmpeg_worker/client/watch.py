"""Follows a job to its end, across connections that end and servers that are away for a while."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Protocol

from ffmpeg_worker.client.errors import ApiError, wait_timed_out
from ffmpeg_worker.client.job import Job
from ffmpeg_worker.client.transport import Transport

PATIENCE_S = 60.0
"""Seconds for which a server that has gone is tried again."""


class Changes(Protocol):
    """A server that tells how a job changes."""

    def changes(self, job_id: str, *, revision: int, timeout_s: float | None) -> AsyncGenerator[Job, None]:
        """Yield the job as it is, and later states, until the server has no more to tell for now."""

    def pauses(self) -> Iterator[float]:
        """Yield the seconds to wait before each further call of `changes`."""


async def watch_job(
    server: Changes, transport: Transport, job_id: str, *, timeout_s: float | None = None
) -> AsyncGenerator[Job, None]:
    """Yield a job as it is, then after every change, to its end.

    Raises:
        ApiError: the server's problem, or that it was away for `PATIENCE_S`.
        JobTimeout: the job has not ended within `timeout_s` seconds.
    """
    clock = _Clock(job_id, timeout_s)
    known: Job | None = None
    seen_at = time.monotonic()
    for pause_s in server.pauses():
        wait_s = pause_s
        revision = 0 if known is None else known.revision
        changes = server.changes(job_id, revision=revision, timeout_s=clock.left_s())
        try:
            async with aclosing(changes):
                async for job in changes:
                    seen_at = time.monotonic()
                    if known is None or (job.value != known.value and job.revision >= known.revision):
                        known = job
                        yield job
                    if job.is_final:
                        return
        except ApiError as error:
            clock.check()
            if not error.retryable or time.monotonic() - seen_at > PATIENCE_S:
                raise
            wait_s = max(pause_s, error.retry_after_s or 0)
        await transport.sleep(clock.limit(wait_s))


class _Clock:
    """The time that is left to wait for a job."""

    def __init__(self, job_id: str, timeout_s: float | None) -> None:
        self._job_id = job_id
        self._timeout_s = timeout_s
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s

    def left_s(self) -> float | None:
        """Return the seconds that are left; None without a limit. Raises `JobTimeout` if there are none."""
        self.check()
        return None if self._deadline is None else self._deadline - time.monotonic()

    def check(self) -> None:
        """Raise `JobTimeout` if the time is used up."""
        if self._timeout_s is not None and self._deadline is not None and time.monotonic() >= self._deadline:
            raise wait_timed_out(self._job_id, self._timeout_s)

    def limit(self, seconds: float) -> float:
        """Return at most the seconds that are left."""
        left_s = self.left_s()
        return seconds if left_s is None else min(seconds, max(left_s, 0.0))
