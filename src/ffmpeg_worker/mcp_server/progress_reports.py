"""Tells the client of a call about the progress of its job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ffmpeg_worker.job.lifecycle import JobEvent, Observer
from ffmpeg_worker.tasks import cancel_and_wait

Send = Callable[[float, float, str], Awaitable[None]]
"""Sends progress, total and a message."""
_INTERVAL_S = 0.25


@asynccontextmanager
async def report_progress(send: Send, *, interval_s: float = _INTERVAL_S) -> AsyncIterator[Observer]:
    """Yield an observer whose events are sent while the block runs: the newest one, with an interval between two.

    The protocol wants every report to be further than the one before, so others are left out.
    """
    latest: asyncio.Queue[JobEvent] = asyncio.Queue(1)

    def observe(event: JobEvent) -> None:
        if latest.full():
            latest.get_nowait()
        latest.put_nowait(event)

    async def send_all() -> None:
        sent = -1.0
        while True:
            event = await latest.get()
            if event.percent > sent:
                sent = event.percent
                await send(sent, 100.0, _describe(event))
                await asyncio.sleep(interval_s)

    sending = asyncio.ensure_future(send_all())
    try:
        yield observe
    finally:
        await cancel_and_wait(sending)


def _describe(event: JobEvent) -> str:
    left = "" if event.eta_s is None else f", {event.eta_s:.0f} s left"
    return f"{event.stage.value}{left}"
