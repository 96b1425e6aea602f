"""Uploads parts of outputs while their command still writes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.growing_outputs import find_growing_outputs
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.tasks import cancel_and_wait

_PAUSE_S = 0.25


@asynccontextmanager
async def upload_growing(lane: Lane, folder: Path, delivery: LaneDelivery) -> AsyncIterator[None]:
    """Watch the outputs of a lane that consist of one file, and send the parts that are written."""
    outputs = find_growing_outputs(lane)
    if not outputs:
        yield
        return
    watch = asyncio.ensure_future(_watch(outputs, folder, delivery))
    try:
        yield
    finally:
        await cancel_and_wait(watch)


async def _watch(outputs: Sequence[Artifact], folder: Path, delivery: LaneDelivery) -> None:
    while True:
        await asyncio.sleep(_PAUSE_S)
        for artifact in outputs:
            delivery.follow(artifact.name, folder, artifact.work_name)
