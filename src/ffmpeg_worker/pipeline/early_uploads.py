"""Uploads of a lane that begin while its commands run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.execute import StepObserver, ignore_step
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.upload_growing import upload_growing
from ffmpeg_worker.pipeline.upload_segments import upload_segments
from ffmpeg_worker.planning.plan import Lane


@asynccontextmanager
async def upload_early(
    context: JobContext, lane: Lane, folder: Path, delivery: LaneDelivery, beside: Sequence[Lane] = ()
) -> AsyncIterator[StepObserver]:
    """Send segments and parts of outputs as they are written, where the target accepts that.

    `beside` are other lanes whose commands write into `folder` at the same time. Yields what must be told of each
    step before it runs.
    """
    target = context.stores.target
    sends_segments = context.runtime.uploads_early and target.accepts_early
    async with (
        upload_segments(lane, folder, delivery, beside) if sends_segments else nullcontext(),
        upload_growing(lane, folder, delivery)
        if target.accepts_growing
        else nullcontext(ignore_step) as begin_step,
    ):
        yield begin_step
