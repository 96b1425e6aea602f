"""Access to buckets, with an egress proxy that allows public addresses only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from ffmpeg_worker.outbound.proxy import open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.objects.bucket import BucketAccess


@pytest_asyncio.fixture
async def access() -> AsyncIterator[BucketAccess]:
    async with open_egress_proxy(OutboundRules()) as proxy:
        yield BucketAccess(proxy)
