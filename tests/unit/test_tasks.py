"""Work is waited for to its end, whoever cancels the one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ffmpeg_worker.tasks import finish_shielded, finish_then_cancel

Wait = Callable[[Awaitable[str]], Awaitable[str]]
both = pytest.mark.parametrize("wait", [finish_then_cancel, finish_shielded])


async def work(may_end: asyncio.Event, error: Exception | None = None) -> str:
    await may_end.wait()
    if error is not None:
        raise error
    return "done"


async def waiter(wait: Wait, working: Awaitable[str], times: int) -> asyncio.Task[str]:
    """Whoever waits, cancelled so many times while the work goes on."""

    async def waiting() -> str:
        return await wait(working)

    task = asyncio.ensure_future(waiting())
    for _ in range(times):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    return task


@both
async def test_the_answer_or_the_error_of_the_work(wait: Wait) -> None:
    may_end = asyncio.Event()
    may_end.set()
    assert await wait(work(may_end)) == "done"
    with pytest.raises(ValueError, match="broken"):
        await wait(work(may_end, ValueError("broken")))


@both
@pytest.mark.parametrize("error", [None, ValueError("broken")])
async def test_cancelled_again_and_again(wait: Wait, error: Exception | None) -> None:
    may_end = asyncio.Event()
    working = asyncio.ensure_future(work(may_end, error))
    task = await waiter(wait, working, times=3)
    may_end.set()
    [answer] = await asyncio.gather(task, return_exceptions=True)
    assert not working.cancelled()
    if wait is finish_then_cancel:
        assert isinstance(answer, asyncio.CancelledError)
    else:
        assert answer == (error or "done")


@both
async def test_work_that_is_cancelled_itself(wait: Wait) -> None:
    working = asyncio.ensure_future(work(asyncio.Event()))
    task = await waiter(wait, working, times=0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
