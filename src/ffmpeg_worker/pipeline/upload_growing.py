"""Uploads parts of outputs while their command still writes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.execute import StepObserver
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.growing_outputs import find_growing_outputs
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import RunnableStep
from ffmpeg_worker.tasks import cancel_and_wait

_PAUSE_S = 0.25


@asynccontextmanager
async def upload_growing(lane: Lane, folder: Path, delivery: LaneDelivery) -> AsyncIterator[StepObserver]:
    """Watch the outputs of a lane that consist of one file, and send the parts that are written.

    Yields what must be told of each step before it runs: the options of some steps are not known earlier.
    """
    # Which of them grow may become known only later, in an attempt that gets so far.
    delivery.expect_growing(artifact.name for artifact in lane.artifacts if artifact.kind is ArtifactKind.FILE)
    watched = _Watched(lane, folder, delivery)
    watch = asyncio.ensure_future(watched.watch())
    try:
        yield watched.begin
    finally:
        await cancel_and_wait(watch)


class _Watched:
    """The outputs of a lane that can be sent while they grow, as far as its steps are known."""

    def __init__(self, lane: Lane, folder: Path, delivery: LaneDelivery) -> None:
        self._lane = lane
        self._folder = folder
        self._delivery = delivery
        self._outputs = find_growing_outputs(lane)

    def begin(self, number: int, step: RunnableStep) -> None:
        if number < len(self._lane.steps) and self._lane.steps[number] is not step:
            steps = (*self._lane.steps[:number], step, *self._lane.steps[number + 1 :])
            self._lane = replace(self._lane, steps=steps)
            self._outputs = find_growing_outputs(self._lane)

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S)
            for artifact in self._outputs:
                self._delivery.follow(artifact.name, self._folder, artifact.work_name)
