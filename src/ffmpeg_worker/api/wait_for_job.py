"""Waits for queued jobs on behalf of requests, which hold a connection meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Receive

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.disconnection import raise_when_disconnected
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.tasks import cancel_and_wait, race

OnChange = Callable[[JobRecord], None]


def ignore_change(_job: JobRecord) -> None:
    """Do nothing."""


async def wait_for_end(
    request: Request, job: JobRecord, wait_s: float, *, on_change: OnChange = ignore_change
) -> JobRecord:
    """Return a job when it has ended, or as it is after `wait_s`, or when the worker closes.

    `on_change` receives every record until then.

    Raises:
        JobCancelled: the caller has gone away; the job goes on.
        JobNotFound, QueueUnavailable: see `JobQueue`.
    """
    if job.is_final or wait_s <= 0:
        return job
    state, owner = app_state_of(request), request_record_of(request.scope).owner
    queue = await state.services.queue.get()
    latest = job

    async def follow() -> None:
        nonlocal latest
        async for latest in queue.watch(job.job_id, owner):
            on_change(latest)

    await race(follow(), _until(request.receive, state.services.admission.closing, wait_s))
    return latest


async def _until(receive: Receive, closing: asyncio.Event, wait_s: float) -> None:
    """Return after `wait_s`, or when the worker closes.

    Raises:
        JobCancelled: the caller has gone away.
    """
    gone = asyncio.ensure_future(raise_when_disconnected(receive))
    closed = asyncio.ensure_future(closing.wait())
    try:
        await asyncio.wait({gone, closed}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            gone.result()
    finally:
        await cancel_and_wait(gone, closed)
