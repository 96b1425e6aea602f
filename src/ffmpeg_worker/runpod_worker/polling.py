"""How often RunPod is asked: at once after news, ever less often while there is no answer or an empty one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import aiohttp

from ffmpeg_worker.logs import log

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
    ended = asyncio.ensure_future(end.wait())
    try:
        while True:
            await wait()
            if end.is_set():
                return
            began = time.monotonic()
            asking = asyncio.ensure_future(ask())
            try:
                await asyncio.wait({asking, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                asking.cancel()
            found, pause = await _outcome(asking, what, time.monotonic() - began, pause)
            if found:
                yield found
            elif pause:
                await asyncio.wait({ended}, timeout=pause)
    finally:
        ended.cancel()


async def _outcome(
    asking: asyncio.Future[list[T]], what: str, seconds: float, pause: float
) -> tuple[list[T], float]:
    """What was found, and the pause before the next poll."""
    try:
        found = await asking
    except asyncio.CancelledError:
        return [], 0
    except TimeoutError:
        return [], 0
    except Exception as error:  # also of the SDK, on answers that it does not expect
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
        pause = _TOO_MANY_S if status == 429 else min(max(pause, _FIRST_PAUSE_S) * 2, _LONGEST_PAUSE_S)
        log(logging.WARNING, f"{what} failed", status=status, reason=type(error).__name__, pause_s=pause)
        return [], pause
    if found or seconds > _HELD_S:
        return found, 0
    return found, min(max(pause, _FIRST_PAUSE_S / 2) * 2, _LONGEST_EMPTY_PAUSE_S)
