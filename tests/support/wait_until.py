"""Wait for a condition, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_POLL_S = 0.005
_LONGEST_S = 0.2
_PAUSES = 4
"""Pauses are so many times as long as the question: asking all the time would slow down what is waited for."""


def until(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Return when `condition` holds; fail after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while (pause_s := _ask(condition, _POLL_S)) is not None:
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(pause_s)


async def until_async(condition: Callable[[], bool], *, within_s: float = 10.0, poll_s: float = _POLL_S) -> None:
    """Like `until`, while the event loop runs; the condition is asked every `poll_s` seconds at most."""
    deadline = time.monotonic() + within_s
    while (pause_s := _ask(condition, poll_s)) is not None:
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        await asyncio.sleep(pause_s)


def _ask(condition: Callable[[], bool], poll_s: float) -> float | None:
    """Ask once; returns the seconds until the next time, `None` if the condition holds."""
    began = time.monotonic()
    return None if condition() else max(poll_s, min(_LONGEST_S, _PAUSES * (time.monotonic() - began)))
