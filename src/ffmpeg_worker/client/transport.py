"""The interface of the client's transports: one HTTP exchange at a time, blocking or on an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

CONNECT_TIMEOUT_S = 10.0
SILENCE_TIMEOUT_S = 60.0
"""Seconds without a byte of a response, after which its connection counts as lost."""

_BLOCK_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class FilePart:
    """A body that is a file from byte `start` on; `length` bytes of it."""

    path: Path
    start: int
    length: int

    def blocks(self) -> Iterator[bytes]:
        """Read the part block by block.

        Raises:
            OSError: it cannot be read, or the file has become shorter.
        """
        left = self.length
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left:
                block = file.read(min(left, _BLOCK_BYTES))
                if not block:
                    raise OSError(f"{self.path} became shorter while it was sent.")
                left -= len(block)
                yield block


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        timeout_s: seconds until the whole response must be there; None without a limit.
        silence_s: seconds that may pass without a byte of the response; None without a limit.
    """

    method: str
    url: str = field(repr=False)  # a signed link is a secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | FilePart | None = field(default=None, repr=False)
    timeout_s: float | None = None
    silence_s: float | None = SILENCE_TIMEOUT_S


class Response(Protocol):
    """The response to a request, whose body is read while it arrives."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, with names in lower case."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body, once.

        Raises:
            TransportError: the body is cut off, not HTTP, or too late.
        """


class Transport(Protocol):
    """Sends requests. Redirects are not followed: they would show a key to another server."""

    def open(self, request: Request) -> AbstractAsyncContextManager[Response]:
        """Send a request, and close its connection on the way out.

        Raises:
            TransportError: there is no response.
            OSError: the file that is the body cannot be read.
        """

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class TransportError(Exception):
    """There is no response, or only a part of one; the text is a sentence."""


class NotConnected(TransportError):
    """There was no connection: nothing was sent, so the request can be repeated."""


class ConnectionLost(TransportError):
    """The connection ended before the response began."""


class BodyCut(TransportError):
    """The connection ended in the middle of the response."""


class NotHttp(TransportError):
    """The response is not HTTP."""


class TimedOut(TransportError):
    """The response did not arrive within `timeout_s` seconds, or was silent for too long."""


def media_type(response: Response) -> str:
    """Return the media type of a response, without its parameters."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
