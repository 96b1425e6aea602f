"""When RunPod is asked again, and what becomes of an answer at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ffmpeg_worker.runpod_worker.polling import _poll_once, poll
from support.wait_until import until_async


async def at_once() -> None:
    pass


def refused(status: int) -> aiohttp.ClientResponseError:
    url = URL("http://127.0.0.1")
    return aiohttp.ClientResponseError(
        aiohttp.RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url), (), status=status
    )


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
async def test_the_pause_after_an_answer(
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


@pytest.mark.parametrize("answer_comes", [True, False])
async def test_the_end_stops_asking_but_loses_no_answer(answer_comes: bool) -> None:
    end, asked = asyncio.Event(), asyncio.Event()

    async def ask() -> list[int]:
        asked.set()
        await end.wait()
        if not answer_comes:
            await asyncio.Event().wait()
        return [7]

    found: list[int] = []

    async def collect(ask: Callable[[], Awaitable[list[int]]]) -> None:
        async for numbers in poll(ask, end, what="poll", wait=at_once):
            found.extend(numbers)

    collecting = asyncio.create_task(collect(ask))
    await asked.wait()
    end.set()
    await until_async(collecting.done)
    assert found == ([7] if answer_comes else [])
