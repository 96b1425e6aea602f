"""The interface of backends for ranges: requests for parts of one source, all of the same version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter


class NotRanged(Exception):
    """The source cannot be read by range; it must be downloaded whole."""


@dataclass(frozen=True, slots=True)
class SourceVersion:
    """The length of a source and a strong validator: equal versions mean equal bytes.

    `validator` is a strong ETag, or the date of the last change where that is strong (RFC 9110, section 8.8.2.2).
    """

    size: int
    validator: str
    is_etag: bool = True

    @property
    def etag(self) -> str | None:
        """The validator if it is an ETag."""
        return self.validator if self.is_etag else None


class RangeBody(Protocol):
    """The bytes of an answer, in order."""

    async def read_into(self, buffer: memoryview) -> int:
        """Wait for bytes, and write as many as there are to `buffer`, which is not empty.

        Returns:
            How many; 0 at the end of the range.

        Raises:
            AttemptFailed, SourceError: see `RangeRequests.request`.
        """
        ...

    @property
    def connection(self) -> int | None:
        """A non-blocking socket at which the next bytes arrive as they are; `None`: only `read_into` gets them."""
        ...

    def note_received(self, count: int) -> None:
        """Note that so many bytes were taken from the socket."""
        ...


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """The answer to a request for a range; `body` brings the bytes from its start on."""

    version: SourceVersion
    body: RangeBody


@dataclass(frozen=True, slots=True)
class WholeSource:
    """A source that was downloaded whole when it was opened; `etag` is its strong validator, if it has one."""

    path: Path
    etag: str | None


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """The answer to the first request is the whole source, which the server does not send by range.

    `download` stores it in a new folder below the given one; errors as for `SourceBackend.download`.
    """

    download: Callable[[Path, DownloadLimits, TransferMeter], Awaitable[WholeSource]]


class RangeRequests(Protocol):
    """Requests of one job for ranges of one source, with the job's own credentials, over kept connections."""

    def open(self, end: int) -> AbstractAsyncContextManager[RangeAnswer | WholeAnswer]:
        """Request the bytes before `end` of a source whose version and size are unknown.

        Raises:
            NotRanged: the source must be requested without a range.
            AttemptFailed, SourceError, AddressNotAllowed, InvalidJob: as for `request`.
        """
        ...

    def request(self, start: int, end: int, version: SourceVersion) -> AbstractAsyncContextManager[RangeAnswer]:
        """Request the bytes from `start` to before `end`, which is at most the size.

        `version` is what the source must still be.

        Raises:
            AttemptFailed: the request, or the transfer of its bytes, failed and may succeed when it is repeated.
            SourceError: it has another version, is not allowed any more, or the answer cannot be used.
            AddressNotAllowed: the worker may not call the address, or one that it redirects to.
            InvalidJob: credentials that are missing or malformed, or a header that may not be set.
        """
        ...

    @property
    def max_parallel(self) -> int:
        """Requests that the server may get at once for bytes that nobody waits for."""
        ...

    @property
    def name(self) -> str:
        """Name for a local file, with the suffix of the source; known after the first answer."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
