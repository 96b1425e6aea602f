"""When a request to a web server is made once more, and after how long."""

from __future__ import annotations

import asyncio
import email.utils
import random
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp

from ffmpeg_worker.errors import WorkerError

CONNECTION_ERRORS = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
"""What a connection that fails raises."""

_MAX_WAIT_S = 30.0
_PASSING = {408, 425, 429}


class AttemptFailed(Exception):
    """An attempt failed in a way that the next one may not. `error` is raised when there is no next one."""

    def __init__(self, error: WorkerError, wait_s: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.wait_s = wait_s


async def with_retries(attempt: Callable[[], Awaitable[None]], retries: int, backoff_s: float) -> None:
    """Call `attempt` until it does not raise `AttemptFailed`.

    Args:
        attempt: one try.
        retries: how many more there may be.
        backoff_s: seconds before the first retry, about; twice as long before each further one.

    Raises:
        WorkerError: that of the last attempt.
    """
    for retry in range(retries + 1):
        try:
            await attempt()
        except AttemptFailed as failed:
            if retry == retries:
                raise failed.error from None
            jitter = random.uniform(0.5, 1.5)  # noqa: S311  (not for secrets)
            await asyncio.sleep(failed.wait_s or backoff_s * 2**retry * jitter)
        else:
            return


def may_pass(status: int) -> bool:
    """Whether a status speaks of the server's present state, not of the request."""
    return status in _PASSING or status >= 500


def retry_after_s(value: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, as a number or a date; at most half a minute."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:6]), _MAX_WAIT_S)
    try:
        wait = email.utils.parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_WAIT_S)
