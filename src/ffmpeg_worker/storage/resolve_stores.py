"""Resolves which stores a job reads its inputs from and delivers its outputs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import DefaultTarget
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.object_location import OBJECT_SCHEMES
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.source import LocalSource
from ffmpeg_worker.storage.local.target import LocalTarget
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.stores import SourceStore, Stores, Target
from ffmpeg_worker.storage.transfer import TransferMeter

if TYPE_CHECKING:
    from ffmpeg_worker.storage.remote_stores import RemoteStores


class StoreResolver:
    """Resolves the stores of each job; remote stores are opened when the first job needs one.

    Importing the HTTP client and the object stores takes as long as the rest of the worker's start.
    """

    def __init__(
        self,
        roots: LocalRoots,
        open_remote_stores: Callable[[], Coroutine[Any, Any, RemoteStores]],
        default: Upload | None = None,
        data_usage: DataUsage | None = None,
        *,
        has_several_keys: bool = False,
    ) -> None:
        """`default` is the destination of jobs that name none; `None` stands for the data root.

        Where there are several keys, each has a data root of its own; that of all is the second place to look.
        """
        self.data_usage = DataUsage(roots) if data_usage is None else data_usage
        """What the outputs of each owner take in the data root."""
        self.roots = self._roots = roots
        """The roots that all owners share."""
        self._has_several_keys = has_several_keys
        self._open_remote_stores = open_remote_stores
        self._opening: asyncio.Task[RemoteStores] | None = None
        self._default = default

    def destination(self, job: Job, job_id: str) -> Upload | None:
        """The destination of a job's outputs, completed from the default; `None` stands for the data root.

        Raises:
            InvalidJob: the job names no bucket, and there is no default.
        """
        given, default = job.destination, self._default
        if given is None:
            return self._default_destination(job, job_id)
        where = given.location
        if where is None or given.cloud is CloudType.LOCAL:
            return given
        # Jobs may use the operator's bucket without credentials.
        is_default = not where.bucket or (
            default is not None
            and where.bucket == default.bucket
            and given.cloud in {None, default.cloud_type}
            and not given.credentials
        )
        if not is_default:
            return given.model_copy(update={"cloud_type": given.cloud or CloudType.AWS})
        if default is None:
            raise InvalidJob(
                'The upload names no "bucket", and the worker has no default bucket.',
                code="invalid_upload",
                hint='Give "bucket", or "url".',
                where={"field": "upload.bucket"},
            )
        completed: dict[str, Any] = {"bucket": default.bucket, "cloud_type": default.cloud_type, "key": where.key}
        completed |= {"url": None, "credentials": given.credentials or default.credentials}
        return given.model_copy(update={**completed, "presign": given.presign or default.presign})

    def _default_destination(self, job: Job, job_id: str) -> Upload | None:
        default_target = ACTIONS[job.action].default_target
        if default_target is DefaultTarget.DEFAULT_BUCKET and self._default is None:
            raise InvalidJob(
                'The job names no destination: "upload" is missing.',
                code="missing_field",
                hint='Give "upload": {"bucket": "…", "key": "…", "cloud_type": "AWS", "credentials": {…}}.',
                where={"field": "upload"},
            )
        if self._default is None or default_target is DefaultTarget.DATA_ROOT:
            return None
        prefix = self._default.key.rstrip("/")
        return self._default.model_copy(update={"key": f"{prefix}/{job_id}/" if prefix else f"{job_id}/"})

    def roots_of(self, owner: str) -> LocalRoots:
        """The roots of an owner's jobs and files."""
        is_apart = self._has_several_keys and owner != ANONYMOUS
        return self._roots.of_key(owner) if is_apart else self._roots

    async def stores(
        self,
        upload: Upload | None,
        owner: str = ANONYMOUS,
        outputs_folder: Path | None = None,
        inputs_folder: Path | None = None,
        *,
        stack: AsyncExitStack | None = None,
    ) -> Stores:
        """The stores of one job of `owner`; `upload` is what `destination` returned.

        Without an upload, outputs go to `outputs_folder`, by default to the data root. `inputs_folder` has the
        files that came with the job. With a `stack`, clients are kept for the whole job and closed by it; without
        one, each operation has its own.

        Raises:
            InvalidJob: the credentials of the bucket are missing or malformed.
            AddressNotAllowed: the worker may not call the bucket's endpoint.
        """
        remote = _JobRemote(self._remote_stores, stack)
        own = self.roots_of(owner)
        first = [] if inputs_folder is None or not inputs_folder.exists() else [own.only(inputs_folder)]
        local = LocalSource(self._roots, first if own is self._roots else [*first, own])
        sources: dict[str | None, SourceStore] = {None: local, "file": local}
        sources |= dict.fromkeys(("https", "http"), _LazySource(self._web))
        sources |= dict.fromkeys(sorted(OBJECT_SCHEMES), _LazySource(partial(self._buckets, upload, remote)))
        return Stores(sources, await self._target(upload, owner, outputs_folder, remote))

    async def _target(
        self, upload: Upload | None, owner: str, outputs_folder: Path | None, remote: _JobRemote
    ) -> Target:
        if upload is None and outputs_folder is not None:
            roots = LocalRoots(outputs_folder, self._roots.folders, self._roots.private)
            return LocalTarget(roots, self.data_usage, owner)
        if upload is None or upload.cloud is CloudType.LOCAL:
            return LocalTarget(self.roots_of(owner), self.data_usage, owner)
        stores = await remote.open()
        where = upload.location
        if where is None:
            return stores.presigned_target(upload)
        return stores.bucket_target(where, upload, is_own=self._has_own_credentials(upload))

    def _has_own_credentials(self, upload: Upload) -> bool:
        """Whether the credentials of an upload are the operator's, not the job's."""
        default = self._default
        return default is not None and (upload.bucket, upload.credentials) == (default.bucket, default.credentials)

    async def _web(self) -> SourceStore:
        return (await self._remote_stores()).web

    async def _buckets(self, upload: Upload | None, remote: _JobRemote) -> SourceStore:
        """Buckets as sources; the job's upload credentials open them, the operator's never do."""
        credentials: dict[CloudType, Credentials] = {}
        if upload is not None and upload.credentials and upload.cloud and not self._has_own_credentials(upload):
            credentials[upload.cloud] = upload.credentials
        return (await remote.open()).bucket_source(credentials)

    async def _remote_stores(self) -> RemoteStores:
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open_remote_stores())
        return await asyncio.shield(self._opening)


class _JobRemote:
    """The remote stores of one job, opened when it needs one."""

    def __init__(
        self, open_stores: Callable[[], Coroutine[Any, Any, RemoteStores]], stack: AsyncExitStack | None
    ) -> None:
        self._open_stores = open_stores
        self._stack = stack
        self._opened: RemoteStores | None = None

    async def open(self) -> RemoteStores:
        stores = await self._open_stores()
        if self._stack is None:
            return stores
        if self._opened is None:
            self._opened = await stores.for_job(self._stack)
        return self._opened


class _LazySource:
    """A `SourceStore` that is opened when the first input is fetched from it."""

    def __init__(self, open_source: Callable[[], Coroutine[Any, Any, SourceStore]]) -> None:
        self._open_source = open_source

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """See `SourceStore.fetch`."""
        return await (await self._open_source()).fetch(source, folder, meter)

    async def open_ranged(
        self, source: FileSource, folder: Path, sparse_folder: Path, meter: TransferMeter
    ) -> RangedFile | None:
        """See `SourceStore.open_ranged`."""
        return await (await self._open_source()).open_ranged(source, folder, sparse_folder, meter)

    async def find(self, pattern: str) -> list[Path]:
        """See `SourceStore.find`."""
        return await (await self._open_source()).find(pattern)
