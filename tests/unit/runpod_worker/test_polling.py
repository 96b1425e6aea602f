"""When RunPod is polled again, and that shutdown loses no response."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from unittest.mock import Mock

import aiohttp
import pytest

from ffmpeg_worker.runpod_worker.polling import _poll_once, poll
from support.wait_until import until_async


async def at_once() -> None:
    pass


def refused(status: int) -> aiohttp.ClientResponseError:
    return aiohttp.ClientResponseError(Mock(aiohttp.RequestInfo), (), status=status)


@pytest.mark.parametrize(
    ("answer", "seconds", "before", "after"),
    [
        ([7], 0.0, 1.0, 0),
        ([], 30.0, 1.0, 0),  # held open as it should be
        ([], 0.0, 0.1, 0.2),
        ([], 0.0, 0.8, 1.0),
        (TimeoutError(), 90.0, 0.1, 0),
        (refused(429), 0.0, 0.1, 5),
        (refused(500), 0.0, 0.1, 0.2),
        (refused(401), 0.0, 8.0, 10),
        (ConnectionRefusedError(), 0.0, 10.0, 10),
        (KeyError("id"), 0.0, 0.1, 0.2),
    ],
)
async def test_the_pause_after_a_response(
    answer: list[int] | Exception, seconds: float, before: float, after: float
) -> None:
    asking: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
    if isinstance(answer, Exception):
        asking.set_exception(answer)
    else:
        asking.set_result(answer)
    found, pause = await _poll_once(asking, "poll", time.monotonic() - seconds, before)
    assert found == (answer if isinstance(answer, list) else [])
    assert pause == after


@pytest.mark.parametrize("response_comes", [True, False])
async def test_the_end_stops_polling_but_loses_no_response(response_comes: bool) -> None:
    end, asked = asyncio.Event(), asyncio.Event()

    async def ask() -> list[int]:
        asked.set()
        await end.wait()
        if not response_comes:
            await asyncio.Event().wait()
        return [7]

    found: list[int] = []

    async def collect(ask: Callable[[], Awaitable[list[int]]]) -> None:
        async for numbers in poll(ask, end, name="poll", wait=at_once):
            found.extend(numbers)

    collecting = asyncio.create_task(collect(ask))
    await asked.wait()
    end.set()
    await until_async(collecting.done)
    assert found == ([7] if response_comes else [])
