"""Which stores a job has: where its inputs come from and its outputs go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import DefaultTarget
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.job.upload import OBJECT_SCHEMES, Upload
from ffmpeg_worker.storage.local.source import LocalStorage
from ffmpeg_worker.storage.stores import SourceStore, Stores, Target
from ffmpeg_worker.storage.transfer import TransferMeter

if TYPE_CHECKING:
    from ffmpeg_worker.storage.remote_stores import RemoteStores


class StoreResolver:
    """Hands out stores. What speaks with other machines takes long to load, and many workers never need it."""

    def __init__(
        self,
        local: LocalStorage,
        open_remote_stores: Callable[[], Coroutine[Any, Any, RemoteStores]],
        default: Upload | None = None,
    ) -> None:
        """`default` is where outputs go when a job does not say; `None` is the data root."""
        self._local = local
        self._open_elsewhere = open_remote_stores
        self._opening: asyncio.Task[RemoteStores] | None = None
        self._default = default

    def destination(self, job: Job, job_id: str) -> Upload | None:
        """Where the outputs of a job go, what it leaves open filled in; `None` is the data root.

        Raises:
            InvalidJob: it names no bucket, and there is none by default.
        """
        given = job.destination
        if given is None:
            return self._unsaid(job, job_id)
        if given.is_presigned or given.cloud is CloudType.LOCAL:
            return given
        default = self._default
        where = given.location
        if where is None or (where.bucket and not self._is_default(given)):
            return given.model_copy(update={"cloud_type": given.cloud or CloudType.AWS})
        if default is None:
            raise InvalidJob(
                'The upload names no "bucket", and the worker has none by default.',
                code="invalid_upload",
                hint='Give "bucket", or "url".',
                where={"field": "upload.bucket"},
            )
        filled: dict[str, Any] = {"bucket": default.bucket, "cloud_type": default.cloud_type, "key": where.key}
        filled |= {"url": None, "credentials": given.credentials or default.credentials}
        return given.model_copy(update={**filled, "presign": given.presign or default.presign})

    def _unsaid(self, job: Job, job_id: str) -> Upload | None:
        default_target = ACTIONS[job.action].default_target
        if default_target is DefaultTarget.DEFAULT_BUCKET and self._default is None:
            raise InvalidJob(
                'The job does not say where to: it has no "upload".',
                code="missing_field",
                hint='Give "upload": {"bucket": "…", "key": "…", "cloud_type": "AWS", "credentials": {…}}.',
                where={"field": "upload"},
            )
        if self._default is None or default_target is DefaultTarget.DATA_ROOT:
            return None
        prefix = self._default.key.rstrip("/")
        return self._default.model_copy(update={"key": f"{prefix}/{job_id}/" if prefix else f"{job_id}/"})

    def _is_default(self, given: Upload) -> bool:
        """Whether it is the operator's bucket, which a job may use without credentials."""
        where, default = given.location, self._default
        if where is None or default is None:
            return False
        return (not where.bucket) or (
            where.bucket == default.bucket and given.cloud in {None, default.cloud_type} and not given.credentials
        )

    async def stores(self, upload: Upload | None) -> Stores:
        """The stores of one job; `upload` as from `destination`.

        Raises:
            InvalidJob: the credentials of the bucket are missing or cannot be read.
            AddressNotAllowed: its endpoint is none that can be called.
        """
        buckets = _Late(partial(self._buckets, upload))
        sources: dict[str | None, SourceStore] = {None: self._local, "file": self._local}
        sources |= dict.fromkeys(("https", "http"), _Late(self._web))
        sources |= dict.fromkeys(sorted(OBJECT_SCHEMES), buckets)
        return Stores(sources, await self._target(upload))

    async def _target(self, upload: Upload | None) -> Target:
        if upload is None or upload.cloud is CloudType.LOCAL:
            return self._local
        elsewhere = await self._elsewhere()
        where = upload.location
        if where is None:
            return elsewhere.presigned(upload)
        return elsewhere.bucket(where, upload, is_own=self._is_own(upload))

    def _is_own(self, upload: Upload) -> bool:
        """Whether the credentials are the operator's, not the job's."""
        default = self._default
        if default is None:
            return False
        return upload.bucket == default.bucket and upload.credentials == default.credentials

    async def _web(self) -> SourceStore:
        return (await self._elsewhere()).web

    async def _buckets(self, upload: Upload | None) -> SourceStore:
        """Sources may be read with the credentials of the job's own upload, never with the operator's."""
        known: dict[CloudType, Credentials] = {}
        if upload is not None and upload.credentials is not None and upload.cloud and not self._is_own(upload):
            known[upload.cloud] = upload.credentials
        return (await self._elsewhere()).buckets(known)

    async def _elsewhere(self) -> RemoteStores:
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open_elsewhere())
        return await asyncio.shield(self._opening)


class _Late:
    """A store of sources that is opened when the first of them is fetched."""

    def __init__(self, open_storage: Callable[[], Coroutine[Any, Any, SourceStore]]) -> None:
        self._open_storage = open_storage

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """See `SourceStore.fetch`."""
        return await (await self._open_storage()).fetch(source, folder, meter)

    async def find(self, pattern: str) -> list[Path]:
        """See `SourceStore.find`."""
        return await (await self._open_storage()).find(pattern)
