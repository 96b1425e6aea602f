"""Clients of all remote stores, opened together when the first job needs one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.object_location import ObjectLocation
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.proxy import open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.http.target import PresignedWriter
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.bucket_clients import BucketClients
from ffmpeg_worker.storage.objects.find_bucket import find_bucket
from ffmpeg_worker.storage.objects.part_sender import PartSender
from ffmpeg_worker.storage.objects.records import BucketRecords
from ffmpeg_worker.storage.objects.source import BucketSource
from ffmpeg_worker.storage.objects.target import BucketWriter
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory
from ffmpeg_worker.storage.part_plan import PartPlan
from ffmpeg_worker.storage.ranged.open_ranged import RangedInputs
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.remote_target import RemoteTarget
from ffmpeg_worker.storage.stores import SourceStore, Target
from ffmpeg_worker.storage.transfer import DownloadLimits


@dataclass(frozen=True, slots=True)
class RemoteStores:
    """Web servers and object stores."""

    outbound: OutboundClient
    access: BucketAccess
    own_access: BucketAccess
    """Like `access`, with the worker's own credentials: for the operator's bucket."""
    upload_memory: UploadMemory
    limits: DownloadLimits
    cache: DownloadCache
    ranges: RangedInputs
    web: SourceStore
    part_plan: PartPlan | None = None
    """How outputs are divided that are uploaded to buckets while their command writes them; `None`: none are."""

    async def for_job(self, stack: AsyncExitStack) -> RemoteStores:
        """The same stores with clients that one job keeps until `stack` closes them."""
        clients = BucketClients()
        stack.callback(clients.close)
        return replace(
            self,
            access=replace(self.access, clients=clients),
            own_access=replace(self.own_access, clients=clients),
            outbound=await stack.enter_async_context(aclosing(self.outbound.keep_connections())),
        )

    def bucket_source(self, credentials: Mapping[CloudType, Credentials]) -> SourceStore:
        """Buckets as sources; `credentials` are for inputs that have none of their own."""
        return RemoteSource(BucketSource(self.access, self.limits, credentials), self.cache, self.ranges)

    def bucket_target(self, where: ObjectLocation, upload: Upload, *, is_own: bool) -> Target:
        """A bucket as the target of a job; `is_own`: the operator's bucket. Errors as for `find_bucket`."""
        access = self.own_access if is_own else self.access
        bucket = find_bucket(where.cloud, where.bucket, upload.credentials, access)
        parts = None if self.part_plan is None else PartSender(self.outbound, self.part_plan)
        writer = BucketWriter(bucket, self.upload_memory, upload.presign, parts)
        return RemoteTarget(
            writer,
            upload.cache_control,
            accepts_growing=parts is not None,
            records=BucketRecords(bucket, writer),
        )

    def presigned_target(self, upload: Upload) -> Target:
        """The presigned PUT addresses of a job."""
        return RemoteTarget(PresignedWriter(self.outbound, upload), upload.cache_control, accepts_early=False)


async def open_remote_stores(
    stack: AsyncExitStack, settings: Settings, cache_folder: Path, own_variables: Mapping[str, str]
) -> RemoteStores:
    """Open the clients; `stack` closes them.

    Args:
        stack: the worker's.
        settings: limits, and rules for outbound connections.
        cache_folder: folder of the download cache, created when needed.
        own_variables: environment variables with the worker's own credentials.
    """
    rules = OutboundRules.of(settings)
    proxy = await stack.enter_async_context(open_egress_proxy(rules))
    own_access = BucketAccess(proxy, own_variables, settings.google_storage_url)
    allowed = own_variables if settings.allow_own_credentials else None
    outbound = OutboundClient(rules)
    limits = DownloadLimits(settings.max_input_bytes, settings.min_free_disk_bytes // 2)
    cache = DownloadCache(cache_folder, settings.cache_bytes)
    stack.callback(cache.blocks.close)
    ranges = RangedInputs(limits, settings.ranged_inputs, settings.ranged_min_bytes)
    return RemoteStores(
        outbound=outbound,
        access=BucketAccess(proxy, allowed, settings.google_storage_url),
        own_access=own_access,
        upload_memory=UploadMemory(settings.upload_memory_bytes),
        limits=limits,
        cache=cache,
        part_plan=PartPlan.for_files_up_to(settings.max_output_file_bytes)
        if settings.upload_while_encoding
        else None,
        ranges=ranges,
        web=RemoteSource(HttpSource(outbound, limits), cache, ranges),
    )
