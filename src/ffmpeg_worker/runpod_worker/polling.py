"""Long polling: at once after a response with content, ever less often after empty responses and failures."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import aiohttp

from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import race

T = TypeVar("T")

_HELD_OPEN_S = 0.5
"""RunPod did not hold a poll open that ended sooner."""
_FIRST_PAUSE_S = 0.1
_MAX_EMPTY_PAUSE_S = 1.0
_MAX_PAUSE_S = 10.0
_TOO_MANY_REQUESTS_PAUSE_S = 5.0


async def poll(
    ask: Callable[[], Awaitable[list[T]]], end: asyncio.Event, *, name: str, wait: Callable[[], Awaitable[object]]
) -> AsyncIterator[list[T]]:
    """Poll until `end` is set; yield every response that is not empty.

    A response that is already there when `end` is set is yielded too, since RunPod has handed out its jobs.

    Args:
        ask: sends one long poll.
        end: stops the polling at once.
        name: names the poll in the log.
        wait: awaited before each poll; it must return when `end` is set.
    """
    pause = _FIRST_PAUSE_S
    while True:
        await wait()
        if end.is_set():
            return
        found, pause = await _poll_once(race(ask(), end.wait()), name, time.monotonic(), pause)
        if found:
            yield found
        elif pause:
            await race(asyncio.sleep(pause), end.wait())


async def _poll_once(
    asking: Awaitable[list[T] | None], name: str, began: float, pause: float
) -> tuple[list[T], float]:
    """Poll once; return the response and the pause before the next poll."""
    try:
        found = await asking or []
    except TimeoutError:
        return [], 0
    except Exception as error:  # the SDK raises all kinds on responses that it does not expect
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
        growing = min(max(pause, _FIRST_PAUSE_S) * 2, _MAX_PAUSE_S)
        pause = _TOO_MANY_REQUESTS_PAUSE_S if status == 429 else growing
        log(logging.WARNING, f"{name} failed", status=status, reason=type(error).__name__, pause_s=pause)
        return [], pause
    if found or time.monotonic() - began > _HELD_OPEN_S:
        return found, 0
    return found, min(max(pause, _FIRST_PAUSE_S / 2) * 2, _MAX_EMPTY_PAUSE_S)
