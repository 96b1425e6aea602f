"""The embedded ffmpeg for tests, with its capabilities read once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from ffmpeg_worker.ffmpeg.capabilities import Capabilities
from ffmpeg_worker.ffmpeg.tools import Tools, find_ffmpeg, find_ffprobe, open_tools
from ffmpeg_worker.process.spawner import Spawner


@cache
def embedded_capabilities() -> Capabilities:
    """The capabilities of the embedded ffmpeg; call it outside of any event loop."""

    async def read() -> Capabilities:
        async with open_tools() as tools:
            return tools.capabilities

    return asyncio.run(read())


@asynccontextmanager
async def embedded_tools(capabilities: Capabilities) -> AsyncIterator[Tools]:
    """Tools on the running event loop, with the embedded ffmpeg."""
    async with Spawner() as spawner:
        yield Tools(find_ffmpeg(None), find_ffprobe(None), spawner, capabilities)
