"""Buckets as stores: inputs by `s3://`, `r2://`, `gs://` and `az://`, and outputs of a job."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import obstore

from ffmpeg_worker.errors import InvalidJob, SourceNotFound, SourceUnreachable, WorkerError
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.job.upload import describe_bucket_problem, describe_key_problem, read_location
from ffmpeg_worker.storage.arrival import download_folder, plain_suffix
from ffmpeg_worker.storage.http.download import TransferLimits
from ffmpeg_worker.storage.objects.bucket import Bucket, ObjectAccess, find_bucket
from ffmpeg_worker.storage.objects.download import ObjectDownload
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, ask, failure_of, is_hopeless, target_error
from ffmpeg_worker.storage.objects.upload import ObjectUpload
from ffmpeg_worker.storage.stores import Download, ObjectHeaders, OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter

_NOBODYS_KEY = "ffmpeg-worker/is-anybody-there"


class BucketSource:
    """Objects as inputs; a `SourceBackend`."""

    def __init__(
        self,
        access: ObjectAccess,
        limits: TransferLimits,
        defaults: Mapping[CloudType, Credentials] | None = None,
    ) -> None:
        """`defaults`: the job's credentials by cloud, for sources that bring none of their own."""
        self._access = access
        self._limits = limits
        self._defaults = defaults or {}

    def identity(self, source: FileSource) -> str | None:
        """See `SourceBackend.identity`."""
        try:
            bucket, key = self._find(source)
        except WorkerError:
            return None
        return bucket.identity(key)

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, known: str | None = None
    ) -> Download | None:
        """See `SourceBackend.download`.

        Raises:
            InvalidJob: the credentials are missing or cannot be read.
        """
        bucket, key = self._find(source)
        ticket = self._access.proxy.issue()
        shown = display_name(source.url)
        with download_folder(folder) as own:
            path = own / f"input{plain_suffix(key)}"
            download = ObjectDownload(bucket.open(ticket), ticket, key, shown, path, self._limits, meter)
            try:
                async with asyncio.timeout(self._limits.total_s):
                    version = await download.run(known)
            except TimeoutError:
                raise SourceUnreachable(
                    f'The input "{shown}" was not there after {self._limits.total_s:g} s.',
                    hint="Put it into a faster store.",
                ) from None
            if version is None:
                shutil.rmtree(own, ignore_errors=True)
                return None
            return Download(path, version.etag)

    def _find(self, source: FileSource) -> tuple[Bucket, str]:
        location = read_location(source.url)
        if (
            location is None
            or not location.key
            or describe_bucket_problem(location.bucket)
            or describe_key_problem(location.key)
        ):
            raise SourceNotFound(
                f'"{display_name(source.url)}" names no object.', hint="Write it like s3://bucket/folder/name.mp4."
            )
        credentials = source.credentials or self._defaults.get(location.cloud)
        return find_bucket(location.cloud, location.bucket, credentials, self._access), location.key


class BucketWriter:
    """A bucket that takes outputs; an `Objects`."""

    def __init__(
        self,
        bucket: Bucket,
        access: ObjectAccess,
        presign_s: int | None = None,
    ) -> None:
        """Outputs are named by their keys. `presign_s`: how long presigned URLs are valid."""
        self._bucket = bucket
        self._access = access
        self._presign_s = presign_s

    def check(self, name: str) -> None:  # noqa: ARG002  (a key that an object can have)
        """See `Objects.check`."""
        if self._presign_s is not None and not self._bucket.can_sign:
            raise InvalidJob(
                "A shared access signature cannot presign addresses.",
                code="cannot_presign",
                hint='Give the account\'s key instead, or leave "presign" out.',
            )

    async def preflight(self) -> None:
        """See `Objects.preflight`: asks for an object that nobody has; the store may also refuse to tell."""
        ticket = self._access.proxy.issue()
        reading = obstore.get_range_async(self._bucket.open(ticket), _NOBODYS_KEY, start=0, length=1)
        try:
            await ask(reading, ticket, f'bucket "{self._bucket.name}"')
        except CLIENT_ERRORS as error:
            if is_hopeless(error):
                raise target_error(failure_of(error), self._bucket.name) from None

    async def send(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        """See `Objects.send`."""
        upload = ObjectUpload(self._bucket, name, path, headers, meter)
        await upload.run(self._access.proxy.issue())

    async def remove(self, name: str) -> None:
        """See `Objects.remove`; what is not there need not be removed."""
        ticket = self._access.proxy.issue()
        deleting = obstore.delete_async(self._bucket.open(ticket), name)
        try:
            await ask(deleting, ticket, f'bucket "{self._bucket.name}"')
        except FileNotFoundError:
            return
        except CLIENT_ERRORS as error:
            raise target_error(failure_of(error), self._bucket.name) from None

    async def place(self, name: str) -> OutputLocation:
        """See `Objects.place`."""
        key = name
        if self._presign_s is not None:
            return OutputLocation(key, await self._bucket.presigned_url(key, self._presign_s))
        if self._bucket.public_url:
            return OutputLocation(key, f"{self._bucket.public_url.rstrip('/')}/{quote(key, safe='/~')}")
        return OutputLocation(key, self._bucket.url_of(key))
