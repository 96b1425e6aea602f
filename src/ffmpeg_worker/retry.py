"""Retries with pauses between attempts, and which HTTP answers are worth one."""

from __future__ import annotations

import asyncio
import email.utils
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

_T = TypeVar("_T")
_RETRYABLE_STATUSES = {408, 425, 429}
_MAX_RETRY_AFTER_S = 30.0


class AttemptFailed(Exception):
    """One attempt failed, but the next may succeed.

    `error` is raised when no attempt is left. `wait_s` replaces the pause before the next attempt.
    """

    def __init__(self, error: Exception, wait_s: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.wait_s = wait_s


async def retry(
    attempt: Callable[[], Awaitable[_T]],
    pauses_s: Iterable[float],
    on_retry: Callable[[Exception, float], None] = lambda _error, _pause_s: None,
    *,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> _T:
    """Call `attempt` until it does not raise `AttemptFailed`, after each failure with the next of `pauses_s`.

    `on_retry` is called before each pause with the error and the seconds; `sleep` waits, by default
    on the event loop.

    Raises:
        Exception: the `error` of the last attempt, or anything but `AttemptFailed` that an attempt raises.
    """
    for pause_s in pauses_s:
        try:
            return await attempt()
        except AttemptFailed as failed:
            wait_s = failed.wait_s or pause_s  # "Retry-After: 0" still gives the server a pause
            on_retry(failed.error, wait_s)
        await (sleep or asyncio.sleep)(wait_s)
    try:
        return await attempt()
    except AttemptFailed as failed:
        raise failed.error from None


def backoff(retries: int, first_s: float) -> Iterator[float]:
    """Pauses that double from about `first_s` on, each with 50 % jitter."""
    for number in range(retries):
        yield first_s * 2**number * random.uniform(0.5, 1.5)  # noqa: S311  (not for secrets)


def is_retryable(status: int) -> bool:
    """Whether an HTTP status describes a passing state of the server, not a fault of the request."""
    return status in _RETRYABLE_STATUSES or status >= 500


def parse_retry_after(value: str | None, *, max_s: float = _MAX_RETRY_AFTER_S) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as a number or a date; at most `max_s`.

    `None` if the header is missing or malformed.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:6]), max_s)
    try:
        wait = email.utils.parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), max_s)
