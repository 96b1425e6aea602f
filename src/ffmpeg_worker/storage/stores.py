"""Stores as the pipeline sees them: sources that inputs are fetched from, and a target for outputs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.transfer import TransferMeter


class SourceStore(Protocol):
    """A store that inputs are fetched from."""

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Make the source available as a regular local file and return its path.

        A local store may return the file's own path; a remote store writes below `folder`.

        Raises:
            SourceError: the file does not exist, is not allowed, or is not usable.
            InvalidJob, DiskFull: see `SourceBackend.download`.
        """
        ...

    async def open_ranged(
        self, source: FileSource, folder: Path, sparse_folder: Path, meter: TransferMeter
    ) -> RangedFile | None:
        """Open the source so that its bytes are fetched when they are read; the caller closes it.

        Args:
            source: the input.
            folder: what `fetch` is called with later: a file that is downloaded whole now lies there.
            sparse_folder: for the file of a source that is read by range; closed to the job's programs.
            meter: counts the bytes that this job causes to be fetched.

        Returns:
            `None` if it cannot be read by range, or that is not worth it, so it must be fetched.

        Raises:
            SourceError: the file does not exist, is not allowed, or is not usable.
            InvalidJob, DiskFull: see `SourceBackend.download`.
        """
        ...

    async def find(self, pattern: str) -> list[Path]:
        """Local files whose names match a pattern (`%04d` or shell wildcards), sorted.

        Raises:
            SourceError: the folder is not allowed, or no file matches.
        """
        ...


@dataclass(frozen=True, slots=True)
class OutputLocation:
    """The location of an output: its local path or its key in a bucket, and its URL if it has one.

    `etag` is that of the uploaded object, where its store has given one.
    """

    path: str
    url: str | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """Size and ETag of an object."""

    size: int
    etag: str | None


class UploadRecords(Protocol):
    """Records of the uploads of one lane, by which a later attempt at its job goes on."""

    async def once(self, name: str, upload: Callable[[], Awaitable[str | None]]) -> str | None:
        """Upload an output, unless an earlier attempt has done so; returns the ETag that the store gave it."""
        ...

    async def begin(self, name: str, begin: Callable[[str | None], Awaitable[str]]) -> str:
        """Begin an upload in parts; `begin` gets the id that an earlier attempt has left, and returns its own."""
        ...

    async def find_begun(self, name: str) -> str | None:
        """The id of the upload in parts that was begun last, by this attempt or an earlier one."""
        ...

    async def keeps_outputs(self) -> bool:
        """Whether outputs that have arrived stay although the delivery ends: another attempt goes on with them."""
        ...


class Unrecorded:
    """The `UploadRecords` of a job that has one attempt."""

    async def once(self, _name: str, upload: Callable[[], Awaitable[str | None]]) -> str | None:
        """Upload it."""
        return await upload()

    async def begin(self, _name: str, begin: Callable[[str | None], Awaitable[str]]) -> str:
        """Begin it."""
        return await begin(None)

    async def find_begun(self, _name: str) -> str | None:
        """There was no earlier attempt."""
        return None

    async def keeps_outputs(self) -> bool:
        """No other attempt follows."""
        return False


class Delivery(Protocol):
    """The transfer of one lane's outputs into a store: all of them arrive, or none."""

    def send(self, name: str, path: Path) -> None:
        """Start to transfer a finished file and return at once; sending a name again replaces its file."""
        ...

    def expect_growing(self, names: Iterable[str]) -> None:
        """Name files that `follow` may be called with.

        Of those that are not sent, `stop_following` removes what an earlier attempt at the job has left.
        """
        ...

    def follow(self, name: str, file: BinaryIO, size: int) -> None:
        """Transfer parts of a file that is still written and has `size` bytes by now; return at once.

        The delivery closes the file. `send` must follow when the file is complete and verified: without it,
        nothing of the file becomes visible. Call it only if `Target.accepts_growing`.
        """
        ...

    async def stop_following(self) -> None:
        """Drop the parts of files that have not become outputs; does not raise."""
        ...

    def withdraw(self, name: str) -> None:
        """Drop a file that was sent but turned out to be no output."""
        ...

    async def finish(self) -> Mapping[str, OutputLocation]:
        """Wait until all files have arrived, and return where they are.

        Raises:
            TargetError, AddressNotAllowed: no file was left behind, or the error names those that were.
        """
        ...

    def adopt(self, name: str) -> None:
        """Count a file as sent that an earlier attempt at the job has sent."""
        ...

    async def undo(self) -> None:
        """Remove what was sent, because the job failed or was cancelled; does not raise."""
        ...


UNRECORDED = Unrecorded()


class TargetRecords(Protocol):
    """Small objects of the worker's own beside the outputs of a job, and facts about the outputs.

    All of its methods but `locate` raise TargetError if the store refuses or does not respond, and
    AddressNotAllowed if the worker may not call its address.
    """

    async def read(self, key: str, max_bytes: int) -> bytes | None:
        """Read an object; `None` if it does not exist or is larger."""
        ...

    async def write(self, key: str, content: bytes) -> None:
        """Write an object, which replaces one of the same key."""
        ...

    async def find(self, key: str) -> ObjectFacts | None:
        """Facts about an object; `None` if it does not exist."""
        ...

    async def locate(self, key: str) -> OutputLocation:
        """The location of an output that was uploaded before; its URL is made anew."""
        ...


class Target(Protocol):
    """A store that outputs are delivered to."""

    @property
    def records(self) -> TargetRecords | None:
        """Access to objects beside the outputs; `None` where the store cannot be read or is no object store."""
        ...

    @property
    def accepts_early(self) -> bool:
        """Whether files may be sent before the lane's command has ended."""
        ...

    @property
    def accepts_growing(self) -> bool:
        """Whether parts of files may be sent while their command writes them."""
        ...

    def check(self, names: Sequence[str]) -> None:
        """Refuse output names that this store does not accept, before the job's work starts.

        Raises:
            TargetError, InvalidJob: with the reason and `where.output`.
        """
        ...

    async def preflight(self) -> None:
        """Check whether outputs could be delivered; called once per job, while its inputs are fetched.

        Raises:
            TargetError: delivery would certainly fail.
            AddressNotAllowed: the worker may not call the store's address.
        """
        ...

    def open_delivery(self, meter: TransferMeter, records: UploadRecords = UNRECORDED) -> Delivery:
        """Start the delivery of one lane."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one job. `sources` is keyed by URL scheme; plain paths have the key `None`."""

    sources: Mapping[str | None, SourceStore]
    target: Target

    def source(self, source: FileSource) -> SourceStore:
        """The store that serves a source.

        Raises:
            UnsupportedFeature: no store serves its scheme.
        """
        store = self.sources.get(source.scheme)
        if store is None:
            known = ", ".join(f"{scheme}://" for scheme in self.sources if scheme)
            raise UnsupportedFeature(
                f'Inputs from "{source.scheme}://" are not supported.',
                hint=f"Use one of {known}, or a file under the worker's data root.",
            )
        return store
