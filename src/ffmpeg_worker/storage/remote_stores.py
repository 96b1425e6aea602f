"""All that speaks with other machines, opened together when the first job asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.upload import Location, Upload
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.proxy import open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.http.download import TransferLimits
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.http.target import PresignedWriter
from ffmpeg_worker.storage.objects.bucket import ObjectAccess, find_bucket
from ffmpeg_worker.storage.objects.source import BucketSource, BucketWriter
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.remote_target import RemoteTarget
from ffmpeg_worker.storage.stores import SourceStore, Target


@dataclass(frozen=True, slots=True)
class RemoteStores:
    """Web servers and object stores."""

    outbound: OutboundClient
    access: ObjectAccess
    limits: TransferLimits
    cache: DownloadCache
    web: SourceStore
    own_access: ObjectAccess
    """Like `access`, for the operator's own bucket: with the worker's own credentials."""

    def buckets(self, credentials: Mapping[CloudType, Credentials]) -> SourceStore:
        """Objects as inputs; `credentials` are for those that bring none."""
        return RemoteSource(BucketSource(self.access, self.limits, credentials), self.cache)

    def presigned(self, upload: Upload) -> Target:
        """The addresses that a caller has signed."""
        return RemoteTarget(PresignedWriter(self.outbound, upload), upload.cache_control, accepts_early=False)

    def bucket(self, where: Location, upload: Upload, *, is_own: bool) -> Target:
        """A bucket that takes outputs.

        Raises:
            InvalidJob: its credentials are missing or cannot be read.
            AddressNotAllowed: its endpoint is none that can be called.
        """
        access = self.own_access if is_own else self.access
        found = find_bucket(where.cloud, where.bucket, upload.credentials, access)
        return RemoteTarget(BucketWriter(found, access, upload.presign), upload.cache_control)


async def open_remote_stores(
    stack: AsyncExitStack, settings: Settings, folder: Path, own_variables: Mapping[str, str]
) -> RemoteStores:
    """Open it; `stack` closes it.

    Args:
        stack: of the worker.
        settings: limits and rules.
        folder: for what is kept, made here.
        own_variables: the worker's own credentials.
    """
    rules = OutboundRules.of(settings)
    proxy = await stack.enter_async_context(open_egress_proxy(rules))
    own_access = ObjectAccess(proxy, own_variables, settings.google_storage_url)
    allowed = own_variables if settings.allow_own_credentials else None
    outbound = OutboundClient(rules)
    limits = TransferLimits(settings.max_input_bytes)
    cache = DownloadCache(folder, settings.cache_bytes)
    return RemoteStores(
        outbound=outbound,
        access=ObjectAccess(proxy, allowed, settings.google_storage_url),
        limits=limits,
        cache=cache,
        web=RemoteSource(HttpSource(outbound, limits), cache),
        own_access=own_access,
    )
