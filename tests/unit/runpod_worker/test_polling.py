"""When RunPod is asked again, and what becomes of an answer at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from yarl import URL

from ffmpeg_worker.runpod_worker import polling
from ffmpeg_worker.runpod_worker.polling import poll
from support.until import until_async


async def at_once() -> None:
    pass


def too_many() -> aiohttp.ClientResponseError:
    return aiohttp.ClientResponseError(
        aiohttp.RequestInfo(URL("http://x"), "GET", headers={}, real_url=URL("http://x")),  # type: ignore[arg-type]
        (),
        status=429,
    )


async def test_nothing_is_asked_soon_after_too_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float | None] = []
    end = asyncio.Event()
    wait = asyncio.wait

    async def note(tasks: object, *, timeout: float | None = None, **more: object) -> object:
        if timeout is not None:
            paused.append(timeout)
            end.set()
        return await wait(tasks, timeout=timeout, **more)  # type: ignore[call-overload]

    async def ask() -> list[int]:
        raise too_many()

    monkeypatch.setattr(polling.asyncio, "wait", note)
    assert [found async for found in poll(ask, end, what="poll", wait=at_once)] == []
    assert paused == [5]


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
