"""Work that is waited for to its end, whoever cancels the one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_Answer = TypeVar("_Answer")


async def finish_then_cancel(work: Awaitable[_Answer]) -> _Answer:
    """Wait for work that must not be left half done; a cancellation is raised after it."""
    task = asyncio.ensure_future(work)
    cancelled = await _outlast(task)
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains that nobody has
        raise cancelled
    return task.result()


async def finish_shielded(work: Awaitable[_Answer]) -> _Answer:
    """The same where the caller is being cancelled already: further cancellations come to nothing."""
    task = asyncio.ensure_future(work)
    await _outlast(task)
    return task.result()


async def _outlast(task: asyncio.Future[_Answer]) -> asyncio.CancelledError | None:
    """Wait for the task; the last cancellation meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled
