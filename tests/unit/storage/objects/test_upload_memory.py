"""Memory of uploads: its limit, and who gets it next."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.storage.objects.upload_memory import Part, UploadMemory
from support.wait_until import until_async


async def settle() -> None:
    """Let tasks and callbacks run that are ready."""
    for _ in range(20):
        await asyncio.sleep(0)


def start(work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
    return asyncio.ensure_future(work)


async def test_a_job_that_uploads_alone_leaves_a_quarter_for_the_next() -> None:
    memory = UploadMemory(400)
    alone, following = memory.open_share(), memory.open_share()
    requests = [start(memory.acquire(alone, 50)) for _ in range(8)]
    await settle()
    assert (memory.used, alone.held) == (300, 300)
    await asyncio.wait_for(memory.acquire(following, 100), 10)
    for _ in range(3):
        memory.release(alone, 50)
    await settle()
    assert [request.done() for request in requests] == [True] * 6 + [False] * 2, "above its quarter beside another"
    memory.release(following, 100)
    await settle()
    assert all(request.done() for request in requests)
    assert alone.held == 250


async def test_a_job_beside_others_gets_a_quarter_at_most() -> None:
    memory = UploadMemory(400)
    share = memory.open_share()
    other = memory.open_share()
    await memory.acquire(other, 1)
    requests = [start(memory.acquire(share, 40)) for _ in range(4)]
    await settle()
    assert [request.done() for request in requests] == [True, True, False, False]
    memory.release(share, 40)
    await settle()
    assert [request.done() for request in requests] == [True, True, True, False]
    requests[3].cancel()
    await asyncio.gather(*requests, return_exceptions=True)
    assert (memory.used, share.held) == (81, 80)


async def test_the_job_that_holds_the_least_is_next() -> None:
    memory = UploadMemory(400)
    slow = [memory.open_share() for _ in range(5)]
    for share in slow:
        await memory.acquire(share, 80)
    again = [start(memory.acquire(share, 20)) for share in slow]
    honest = memory.open_share()
    waiting = start(memory.acquire(honest, 60))
    await settle()
    assert memory.used == 400
    memory.release(slow[0], 80)
    await settle()
    assert waiting.done()
    assert [request.done() for request in again] == [True, False, False, False, False]
    for request in again:
        request.cancel()
    await asyncio.gather(*again, return_exceptions=True)


async def test_a_large_request_is_not_overtaken_by_small_ones() -> None:
    memory = UploadMemory(400)
    others = [memory.open_share() for _ in range(4)]
    for share in others:
        await memory.acquire(share, 100)
    large = start(memory.acquire(memory.open_share(), 100))
    small = start(memory.acquire(memory.open_share(), 10))
    await settle()
    memory.release(others[0], 100)
    await settle()
    assert (large.done(), small.done()) == (True, False)
    small.cancel()
    await asyncio.gather(large, small, return_exceptions=True)


@pytest.mark.parametrize("is_granted", [True, False])
async def test_a_cancelled_request_takes_nothing(is_granted: bool) -> None:
    memory = UploadMemory(400)
    first, second, third = memory.open_share(), memory.open_share(), memory.open_share()
    for share in (first, first, second, second):
        await memory.acquire(share, 50)
    await memory.acquire(memory.open_share(), 100)
    await memory.acquire(memory.open_share(), 100)
    request = start(memory.acquire(third, 50))
    await settle()
    if is_granted:
        memory.release(first, 50)  # granted, but the task has not run yet
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    assert third.held == 0
    assert memory.used == (350 if is_granted else 400)


async def test_the_memory_of_a_part_is_free_when_nobody_has_it() -> None:
    memory = UploadMemory(401)
    await memory.acquire(memory.open_share(), 1)  # beside another, a share is a quarter
    share, file = memory.open_share(), io.BytesIO(bytes(range(250)))
    parts = [await share.read(file, 50), await share.read(file, 50)]
    assert (bytes(parts[0]), bytes(parts[1])) == (bytes(range(50)), bytes(range(50, 100)))
    reading = start(share.read(file, 50))
    await settle()
    assert (memory.used, reading.done()) == (101, False)
    view = memoryview(parts.pop())
    await settle()
    assert not reading.done()
    view.release()
    del view
    await until_async(reading.done)
    assert memory.used == 101
    assert isinstance(reading.result(), Part)


async def test_the_end_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    memory = UploadMemory(400)
    with (tmp_path / "a").open("rb") as file:
        assert await memory.open_share().read(file, 50) == b"data"
    await until_async(lambda: memory.used == 0)
