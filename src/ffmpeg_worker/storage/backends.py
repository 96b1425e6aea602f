"""The interfaces that remote backends implement: `SourceBackend` for inputs, `ObjectWriter` for outputs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter

NOT_REMOVABLE = "target_not_removable"
"""Code of the error that an uploaded object could not be removed."""


@dataclass(frozen=True, slots=True)
class Download:
    """A downloaded file and its version in the store.

    `version` is a strong validator (an ETag): equal versions mean equal bytes. `None`: the store has none.
    """

    path: Path
    version: str | None


class SourceBackend(Protocol):
    """A remote store that files are downloaded from."""

    def identity(self, source: FileSource) -> str | None:
        """A cache key of the source, without credentials and signatures; `None` if it must not be cached."""
        ...

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, cached: Download | None = None
    ) -> Download:
        """Download the source into a new folder below `folder`, which is removed on failure.

        Returns:
            The download; `cached` if the store says that the source still has that version and that this job may
            read it.

        Raises:
            SourceError: not found, not allowed, too large, incomplete, unreachable, or not usable.
            AddressNotAllowed: the worker may not call the address, or one that it redirects to.
            InvalidJob: credentials that are missing or malformed, or a header that may not be set.
            DiskFull: the disk has no space for it.
        """
        ...

    def open_ranges(self, source: FileSource) -> RangeRequests:
        """Prepare requests for ranges of the source; the caller closes them.

        Raises:
            SourceError, AddressNotAllowed, InvalidJob: as for `download`, as far as they show without a request.
        """
        ...


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """HTTP headers that a store serves an object with."""

    content_type: str
    cache_control: str | None = None


class EarlyUploadFailed(Exception):
    """The parts that were uploaded early cannot become the object: the whole file must be uploaded."""


BeginUpload = Callable[[str | None], Awaitable[str]]
"""Begins an upload in parts and returns its id. Given the id of one that was left, it aborts that first."""


class EarlyUpload(Protocol):
    """The upload of one file in parts while it is written; nothing of it is visible before `finish`."""

    def grow(self, file: BinaryIO, size: int) -> None:
        """Start to upload parts of the file, which has `size` bytes by now, and return at once.

        The file given first is closed by `abort`, later ones must be the same. Failures show in `finish`.
        """
        ...

    async def finish(self, path: Path, meter: TransferMeter) -> str | None:
        """Make the object from the complete file; return its ETag. Parts that have changed are uploaded again.

        If it fails or is cancelled, no object and no part is left.

        Raises:
            EarlyUploadFailed: upload the file with `ObjectWriter.upload`.
            TargetError: NOT_REMOVABLE, as for `ObjectWriter.upload`.
        """
        ...

    async def drop(self, upload: str) -> None:
        """Remove the parts that an earlier attempt has left under this id; does not raise."""
        ...

    async def abort(self) -> None:
        """Stop, and remove the parts from the store, unless `finish` has succeeded; does not raise."""
        ...


class ObjectWriter(Protocol):
    """A remote store that outputs are uploaded to one by one."""

    def check(self, name: str) -> None:
        """Refuse an output that this store does not accept, before the job's work starts.

        Raises:
            TargetError, InvalidJob: with the reason.
        """
        ...

    async def preflight(self) -> None:
        """Find problems that show without writing: wrong credentials, a missing bucket.

        Success is no guarantee: only an upload shows whether the store accepts it.

        Raises:
            TargetError: uploads would certainly fail.
            AddressNotAllowed: the worker may not call the store's address.
        """
        ...

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> str | None:
        """Upload a file as the output `name`, replacing an existing object; return its ETag if there is one.

        A failed or cancelled upload leaves no object behind.

        Raises:
            TargetError: refused, not found, or not reachable after some retries. With the code NOT_REMOVABLE, out
                of a cancellation: the object had arrived and could not be removed.
            AddressNotAllowed: the worker may not call the store's address.
            InvalidJob: malformed credentials, or a header that may not be set.
            FileNotFoundError: the file does not exist any more.
        """
        ...

    def open_early(
        self, name: str, headers: ObjectHeaders, record: Callable[[BeginUpload], Awaitable[str]]
    ) -> EarlyUpload | None:
        """Prepare the upload of an output while it is written; `None` where that is not possible.

        `record` runs what begins the upload, and keeps the id for later attempts at the job.
        """
        ...

    async def delete(self, name: str) -> None:
        """Delete what `upload` has uploaded; an object that does not exist is no error.

        Raises:
            TargetError: the object still exists.
        """
        ...

    async def locate(self, name: str) -> OutputLocation:
        """The location of the output `name`; its URL is presigned if the caller asked for that."""
        ...
