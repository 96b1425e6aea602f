"""Runs a program a second time if it was killed from outside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ffmpeg_worker.errors import EngineKilled
from ffmpeg_worker.logs import log

_PAUSE_S = 0.1

T = TypeVar("T")


async def run_again_if_killed(
    run: Callable[[], Awaitable[T]], prepare: Callable[[], Awaitable[bool]] | None = None
) -> T:
    """Await `run()`; if it raises `EngineKilled`, wait a moment and await a second `run()`.

    `prepare` undoes what the first one has done, and returns whether the second one may start.

    Raises:
        EngineKilled: it was killed again, or could not be repeated.
    """
    try:
        return await run()
    except EngineKilled as error:
        if prepare is not None and not await prepare():
            raise
        log(logging.WARNING, "killed from outside, running again", error=error.message, detail=error.detail)
    await asyncio.sleep(_PAUSE_S)
    return await run()
