"""How often RunPod is asked: at once after news, ever less often while there is no answer or an empty one."""

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

_HELD_S = 0.5
"""A poll that was open for less was not held open by RunPod."""
_FIRST_PAUSE_S = 0.1
_LONGEST_EMPTY_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 10.0
_TOO_MANY_S = 5.0


async def poll(
    ask: Callable[[], Awaitable[list[T]]], end: asyncio.Event, *, what: str, wait: Callable[[], Awaitable[None]]
) -> AsyncIterator[list[T]]:
    """Ask again and again until `end`; gives every answer that holds something.

    An answer that is there when the end comes is given too: RunPod has handed out its jobs.

    Args:
        ask: one long poll.
        end: stops asking at once.
        what: for the log.
        wait: awaited before each poll; it must return when the end comes.
    """
    pause = _FIRST_PAUSE_S
    while True:
        await wait()
        if end.is_set():
            return
        found, pause = await _poll_once(race(ask(), end.wait()), what, time.monotonic(), pause)
        if found:
            yield found
        elif pause:
            await race(asyncio.sleep(pause), end.wait())


async def _poll_once(
    asking: Awaitable[list[T] | None], what: str, began: float, pause: float
) -> tuple[list[T], float]:
    """Poll once; return what was found and the pause before the next poll."""
    try:
        found = await asking or []
    except TimeoutError:
        return [], 0
    except Exception as error:  # also of the SDK, on answers that it does not expect
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
        pause = _TOO_MANY_S if status == 429 else min(max(pause, _FIRST_PAUSE_S) * 2, _LONGEST_PAUSE_S)
        log(logging.WARNING, f"{what} failed", status=status, reason=type(error).__name__, pause_s=pause)
        return [], pause
    if found or time.monotonic() - began > _HELD_S:
        return found, 0
    return found, min(max(pause, _FIRST_PAUSE_S / 2) * 2, _LONGEST_EMPTY_PAUSE_S)
