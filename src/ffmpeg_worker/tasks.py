"""Functions that await, race and cancel asyncio tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any, Never, TypeVar, overload

_T = TypeVar("_T")


async def finish_then_cancel(work: Awaitable[_T]) -> _T:
    """Await work that must not be left half done; a cancellation of the caller is raised after it has finished."""
    task = asyncio.ensure_future(work)
    cancelled = await _wait_despite_cancellation(task)
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # retrieve it, or asyncio logs that nobody did
        raise cancelled
    return task.result()


async def finish_shielded(work: Awaitable[_T]) -> _T:
    """Await work to its end in a caller that is already being cancelled; further cancellations are dropped."""
    task = asyncio.ensure_future(work)
    await _wait_despite_cancellation(task)
    return task.result()


@overload
async def race(work: Awaitable[_T], stop: Awaitable[Never]) -> _T: ...
@overload
async def race(work: Awaitable[_T], stop: Awaitable[object]) -> _T | None: ...
async def race(work: Awaitable[_T], stop: Awaitable[object]) -> _T | None:
    """Await `work`, but only until `stop` ends; the loser is cancelled and awaited.

    Wrap a future that others await in `asyncio.shield`, or losing the race cancels it for them too.

    Returns:
        The result of `work`; `None` if it was cancelled because `stop` ended first.

    Raises:
        BaseException: what `stop` raised if it ended first, else what `work` raised.
    """
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop)
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        await cancel_and_wait(working)
        stopping.result()
        return None if working.cancelled() else working.result()
    finally:
        await cancel_and_wait(working, stopping)


async def run_all(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Run awaitables concurrently and return their results in order; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel_and_wait(*tasks)


async def in_turns(items: Iterable[_T], *, turn: int = 64) -> AsyncIterator[_T]:
    """Yield items for short work on each; after every `turn` of them, the event loop serves others."""
    for number, item in enumerate(items, 1):
        yield item
        if number % turn == 0:
            await asyncio.sleep(0)


async def cancel_and_wait(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended; their results and errors are dropped.

    A cancellation of the caller, who may be stopped already, is raised after that too.
    """
    for task in tasks:
        task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while running := {task for task in tasks if not task.done()}:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    for task in tasks:
        if not task.cancelled():
            task.exception()  # retrieve it, or asyncio logs that nobody did
    if cancelled is not None:
        raise cancelled


async def _wait_despite_cancellation(task: asyncio.Future[_T]) -> asyncio.CancelledError | None:
    """Wait for the task; return the last cancellation that arrived meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled
