"""Capabilities of the embedded FFmpeg, read once for all forks of a process: each would run FFmpeg eight times."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.ffmpeg import tools
from ffmpeg_worker.ffmpeg.capabilities import Capabilities, WorkerFfmpeg, read_capabilities
from ffmpeg_worker.process.spawner import Spawner


def share_capabilities() -> None:
    """Read them now; a worker with another FFmpeg, in this process or a fork, reads what that one can."""
    embedded = tools.find_ffmpeg(None)
    known = asyncio.run(_read(embedded))

    async def read_shared(ffmpeg: WorkerFfmpeg) -> Capabilities:
        return replace(known, tried_encoders={}) if ffmpeg.path == embedded else await read_capabilities(ffmpeg)

    module: Any = tools
    module.read_capabilities = read_shared


async def _read(ffmpeg: Path) -> Capabilities:
    async with Spawner() as spawner:
        return await read_capabilities(WorkerFfmpeg(spawner, ffmpeg))
