"""Wait for a condition, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_POLL_S = 0.005


def until(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Return when `condition` holds; fail after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(_POLL_S)


async def until_async(condition: Callable[[], bool], *, within_s: float = 10.0, poll_s: float = _POLL_S) -> None:
    """Like `until`, while the event loop runs; a costly condition is asked every `poll_s` seconds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        await asyncio.sleep(poll_s)
