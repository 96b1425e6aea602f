"""Inputs from buckets, by `s3://`, `r2://`, `gs://` and `az://` URLs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ffmpeg_worker.errors import SourceNotFound, WorkerError
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.object_location import describe_key_problem, is_bucket_name, read_location
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.backends import Download
from ffmpeg_worker.storage.objects.bucket import Bucket, BucketAccess
from ffmpeg_worker.storage.objects.download import ObjectDownload
from ffmpeg_worker.storage.objects.find_bucket import find_bucket
from ffmpeg_worker.storage.objects.ranges import ObjectRanges
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter, download_folder, safe_suffix


class BucketSource:
    """A `SourceBackend` of objects in buckets."""

    def __init__(
        self,
        access: BucketAccess,
        limits: DownloadLimits,
        defaults: Mapping[CloudType, Credentials] | None = None,
    ) -> None:
        """`defaults`: the job's credentials by cloud, for sources that have none of their own."""
        self._access = access
        self._limits = limits
        self._defaults = defaults or {}

    def identity(self, source: FileSource) -> str | None:
        """See `SourceBackend.identity`."""
        try:
            bucket, key = self._find(source)
        except WorkerError:
            return None
        return f"{bucket.cloud} {bucket.url_of(key)}"

    def open_ranges(self, source: FileSource) -> RangeRequests:
        """See `SourceBackend.open_ranges`."""
        bucket, key = self._find(source)
        return ObjectRanges(*bucket.open(), key, display_name(source.url))

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, cached: Download | None = None
    ) -> Download:
        """See `SourceBackend.download`."""
        bucket, key = self._find(source)
        shown = display_name(source.url)
        with download_folder(folder) as own:
            path = own / f"input{safe_suffix(key)}"
            with bucket.lease() as opened:
                download = ObjectDownload(*opened, key, shown, path, self._limits, meter)
                version = await download.run(cached.version if cached else None)
            if cached is not None and not path.exists():
                shutil.rmtree(own, ignore_errors=True)
                return cached
            return Download(path, version.etag)

    def _find(self, source: FileSource) -> tuple[Bucket, str]:
        location = read_location(source.url)
        if (
            location is None
            or not location.key
            or not is_bucket_name(location.bucket)
            or describe_key_problem(location.key)
        ):
            raise SourceNotFound(
                f'"{display_name(source.url)}" does not name an object.',
                hint="Write it like s3://bucket/folder/name.mp4.",
            )
        credentials = source.credentials or self._defaults.get(location.cloud)
        return find_bucket(location.cloud, location.bucket, credentials, self._access), location.key
