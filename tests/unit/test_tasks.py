"""Tasks that are awaited, raced and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded, finish_then_cancel, in_turns, race, run_all

Wait = Callable[[Awaitable[str]], Awaitable[str]]
both = pytest.mark.parametrize("wait", [finish_then_cancel, finish_shielded])


async def work(may_end: asyncio.Event, error: Exception | None = None) -> str:
    await may_end.wait()
    if error is not None:
        raise error
    return "done"


async def waiter(wait: Wait, working: Awaitable[str], times: int) -> asyncio.Task[str]:
    """A task that awaits the work and was cancelled so many times meanwhile."""

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
async def test_returns_the_result_or_raises_the_error_of_the_work(wait: Wait) -> None:
    may_end = asyncio.Event()
    may_end.set()
    assert await wait(work(may_end)) == "done"
    with pytest.raises(ValueError, match="broken"):
        await wait(work(may_end, ValueError("broken")))


@both
@pytest.mark.parametrize("error", [None, ValueError("broken")])
async def test_the_work_finishes_despite_cancellations(wait: Wait, error: Exception | None) -> None:
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
async def test_a_cancellation_of_the_work_itself_is_raised(wait: Wait) -> None:
    working = asyncio.ensure_future(work(asyncio.Event()))
    task = await waiter(wait, working, times=0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def stopped(error: Exception | None = None) -> None:
    if error is not None:
        raise error


class Interrupted:
    """Work that runs until it is cancelled, and records that it has ended."""

    def __init__(self, *, result: str | None = None) -> None:
        self.has_ended = False
        self._result = result

    async def run(self) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            if self._result is None:
                raise
        finally:
            self.has_ended = True
        return self._result or ""


async def test_a_race_that_the_work_wins() -> None:
    may_end, stop = asyncio.Event(), Interrupted()
    may_end.set()
    assert await race(work(may_end), stop.run()) == "done"
    assert stop.has_ended
    with pytest.raises(ValueError, match="broken"):
        await race(work(may_end, ValueError("broken")), Interrupted().run())


async def test_a_race_that_the_work_loses() -> None:
    interrupted = Interrupted()
    assert await race(interrupted.run(), stopped()) is None
    assert interrupted.has_ended
    with pytest.raises(ValueError, match="broken"):
        await race(Interrupted(result="late").run(), stopped(ValueError("broken")))


async def test_a_result_that_arrives_while_the_work_is_cancelled_is_not_lost() -> None:
    assert await race(Interrupted(result="late").run(), stopped()) == "late"


async def test_work_that_ends_together_with_the_stop_wins() -> None:
    event = asyncio.Event()
    event.set()
    assert await race(work(event), event.wait()) == "done"


async def test_cancelling_a_race_ends_both_sides() -> None:
    first, second = Interrupted(), Interrupted()
    racing = asyncio.ensure_future(race(first.run(), second.run()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert first.has_ended
    assert second.has_ended


async def test_all_results_come_in_order() -> None:
    may_end = asyncio.Event()

    async def last() -> str:
        may_end.set()
        return "last"

    assert await run_all([work(may_end), last()]) == ["done", "last"]


async def test_the_first_failure_cancels_the_others() -> None:
    interrupted = Interrupted()
    with pytest.raises(ValueError, match="broken"):
        await run_all([interrupted.run(), stopped(ValueError("broken"))])
    assert interrupted.has_ended


async def test_cancelled_tasks_have_ended_and_their_errors_are_dropped() -> None:
    interrupted = Interrupted()
    running, failing = asyncio.ensure_future(interrupted.run()), asyncio.ensure_future(stopped(ValueError("x")))
    await asyncio.sleep(0)
    await cancel_and_wait(running, failing)
    assert interrupted.has_ended
    assert running.cancelled()
    await cancel_and_wait()


async def test_a_caller_that_is_cancelled_again_still_waits_for_the_tasks() -> None:
    may_end = asyncio.Event()
    has_ended = False

    async def slow_to_stop() -> None:
        nonlocal has_ended
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.wait({asyncio.ensure_future(may_end.wait())})
            has_ended = True

    running = asyncio.ensure_future(slow_to_stop())
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(cancel_and_wait(running))
    for _ in range(5):
        await asyncio.sleep(0)
    stopping.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stopping.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert has_ended


async def test_long_rows_of_short_work_let_others_run() -> None:
    others: list[int] = []
    done: list[int] = []
    loop = asyncio.get_running_loop()
    async for item in in_turns(range(10), turn=4):
        done.append(item)
        loop.call_soon(others.append, item)
    assert done == [*range(10)]
    assert others == [*range(8)]
