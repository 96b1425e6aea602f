"""The seams between the pipeline and any store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.transfer import TransferMeter


class SourceStore(Protocol):
    """A store that inputs are fetched from."""

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Make the source a regular local file and say where it lies.

        A store on this machine may answer with the file's own place; any other writes below `folder`.

        Raises:
            SourceError: no such file, not allowed, or not usable.
        """
        ...

    async def find(self, pattern: str) -> list[Path]:
        """Local files whose names match a pattern (`%04d` or shell wildcards), sorted.

        Raises:
            SourceError: not allowed, or none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Download:
    """What came from a remote store: a file below the given folder, and its version there.

    `version` is a strong validator (an ETag): equal ones mean equal bytes. `None`: the store names none.
    """

    path: Path
    version: str | None


class SourceBackend(Protocol):
    """A store elsewhere, whose files are downloaded and may be kept for the next job."""

    def identity(self, source: FileSource) -> str | None:
        """Names the source's place over all jobs, without credentials and signatures. `None`: keep none of it."""
        ...

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, known: str | None = None
    ) -> Download | None:
        """Bring the source below `folder`, in a folder of its own, which is gone when this fails.

        `None`: it still has the version `known`, and this job may read it, since the store was asked for it.

        Raises:
            SourceError: no such file, not allowed, too large, incomplete, or not usable.
            AddressNotAllowed: the worker does not call it.
            DiskFull: no room for it.
        """
        ...


STAYS = "target_not_removable"
"""Code of the error that something uploaded is still there."""


@dataclass(frozen=True, slots=True)
class OutputLocation:
    """Where an output lies: its path on this machine or its key in a bucket, and its URL if it has one."""

    path: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """How a store is to serve an object."""

    content_type: str
    cache_control: str | None = None


class ObjectWriter(Protocol):
    """A store elsewhere that takes one file after the other."""

    def check(self, name: str) -> None:
        """Refuse an output that this store will not take, before any work is done.

        Raises:
            TargetError, InvalidJob: with the reason.
        """
        ...

    async def preflight(self) -> None:
        """Find out what can be found out without writing: a wrong key, a bucket that is not there.

        Silence is no promise: whether an output may be written shows when it is.

        Raises:
            TargetError: it would surely fail.
            AddressNotAllowed: the worker does not call it.
        """
        ...

    async def send(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        """Upload a file under the key that belongs to the output `name`; what was there is replaced.

        Nothing is left of it when this fails or is cancelled.

        Raises:
            TargetError: refused, not there, or not reachable after some tries; with the code STAYS, out of a
                cancellation: it had arrived, and cannot be removed.
            AddressNotAllowed: the worker does not call it.
        """
        ...

    async def remove(self, name: str) -> None:
        """Delete what `send` has uploaded.

        Raises:
            TargetError: it is still there.
        """
        ...

    async def place(self, name: str) -> OutputLocation:
        """Where the output `name` can be found; the URL is presigned when the caller asked for that."""
        ...


class Delivery(Protocol):
    """The way of one lane's outputs into a store: all of them arrive or none."""

    def send(self, name: str, path: Path) -> None:
        """Begin to bring a finished file to its place; returns at once. A name sent again replaces what it had."""
        ...

    def withdraw(self, name: str) -> None:
        """A file that was sent is no output after all."""
        ...

    async def finish(self) -> Mapping[str, OutputLocation]:
        """Wait until all are in place, and say where.

        Raises:
            TargetError, AddressNotAllowed: nothing was left behind, or the error names what was.
        """
        ...

    async def undo(self) -> None:
        """Take back what was sent, because the lane failed; does not raise."""
        ...


class Target(Protocol):
    """A store that outputs are delivered to."""

    @property
    def accepts_early(self) -> bool:
        """Whether files are worth sending before the lane's command has ended."""
        ...

    def check(self, names: Sequence[str]) -> None:
        """Refuse outputs that this store will not take, before any work is done.

        Raises:
            TargetError, InvalidJob: with the reason and `where.output`.
        """
        ...

    async def preflight(self) -> None:
        """See `ObjectWriter.preflight`; asked once for a job, while its inputs are fetched."""
        ...

    def open(self, meter: TransferMeter) -> Delivery:
        """Begin the delivery of one lane."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one job. `sources` is keyed by URL scheme; `None` is the key of plain paths."""

    sources: Mapping[str | None, SourceStore]
    target: Target

    def source(self, source: FileSource) -> SourceStore:
        """The store that serves a source.

        Raises:
            UnsupportedFeature: none serves its scheme.
        """
        store = self.sources.get(source.scheme)
        if store is None:
            known = ", ".join(f"{scheme}://" for scheme in self.sources if scheme)
            raise UnsupportedFeature(
                f'Inputs from "{source.scheme}://" are not served.',
                hint=f"Put the file where it can be fetched from: {known}, or the worker's data root.",
            )
        return store
