"""Sends one webhook, and says in a sentence why it was not accepted."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import aiohttp

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.webhooks.callback import Callback
from ffmpeg_worker.job_queue.webhooks.message import Message
from ffmpeg_worker.job_queue.webhooks.schedule import MAX_RETRY_AFTER_S
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import parse_retry_after

TIMEOUT_S = 15.0
"""Seconds from the resolution of the name to the receiver's status."""
_MAX_ANSWER_BYTES = 16 << 10
_ANSWER_S = 1.0
_CONNECTION_ERRORS = (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try.

    Attributes:
        status: HTTP status, `None` without an answer.
        error: why it was not accepted, as a sentence for the caller, without parts of addresses.
        seconds: how long it took.
        retry_after_s: what the receiver has asked for.
        is_refused: whether the worker may not call the address.
    """

    status: int | None
    error: str | None
    seconds: float
    retry_after_s: float | None = None
    is_refused: bool = False


class _Failed(Exception):
    """The try failed for a known reason."""

    def __init__(self, reason: str, *, is_refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_refused = is_refused


async def send_webhook(outbound: OutboundClient, callback: Callback, message: Message) -> Answer:
    """Send a message; its receiver accepts it with a status from 200 to 299."""
    began = time.monotonic()
    try:
        with _explained():
            async with asyncio.timeout(TIMEOUT_S) as deadline:
                request = outbound.post(callback.url, callback.headers, message.headers, message.body)
                async with request as response:
                    deadline.reschedule(None)  # the status is known; what follows has a limit of its own
                    status, seconds = response.status, time.monotonic() - began
                    wait_s = parse_retry_after(response.headers.get("Retry-After"), max_s=MAX_RETRY_AFTER_S)
                    await _read_some(response)
    except _Failed as failed:
        seconds = time.monotonic() - began
        return Answer(None, failed.reason, seconds, is_refused=failed.is_refused)
    return Answer(status, _explain(status), seconds, wait_s if status in {429, 503} else None)


async def _read_some(response: aiohttp.ClientResponse) -> None:
    """Read a short answer, so that its server is not cut off; nothing of it is used."""
    left = _MAX_ANSWER_BYTES
    with suppress(*_CONNECTION_ERRORS):
        async with asyncio.timeout(_ANSWER_S):
            while left > 0 and (block := await response.content.read(left)):
                left -= len(block)


def _explain(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The receiver redirects with {status}; webhooks do not follow. Give the final address."
    return f"The receiver answered {status}."


@contextmanager
def _explained() -> Iterator[None]:
    """Turn exceptions into sentences: their texts contain addresses."""
    try:
        yield
    except WorkerError as error:
        raise _Failed("The worker may not call the address of the receiver.", is_refused=True) from error
    except aiohttp.ClientConnectorCertificateError:
        raise _Failed("The receiver has no valid TLS certificate.") from None
    except aiohttp.ClientConnectorSSLError:
        raise _Failed("The receiver does not speak TLS, or not a version that is safe.") from None
    except aiohttp.ClientConnectorDNSError:
        raise _Failed("The name of the receiver cannot be resolved.") from None
    except aiohttp.ConnectionTimeoutError:
        raise _Failed("The receiver cannot be reached: nothing answers at its address.") from None
    except aiohttp.ClientConnectorError:
        raise _Failed("The receiver cannot be reached: the connection was refused.") from None
    except TimeoutError:
        raise _Failed(f"The receiver did not answer within {TIMEOUT_S:g} s.") from None
    except aiohttp.ClientResponseError:
        raise _Failed("The receiver's answer is not valid HTTP.") from None
    except _CONNECTION_ERRORS:
        raise _Failed("The receiver broke off the connection.") from None
