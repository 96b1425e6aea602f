"""A plan that starts at once, and learns how long things are while its first commands already run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ffmpeg_worker.ffmpeg.probe.prober import ProbeSession
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.actions.vmaf import VmafJob
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import NO_GPU, Gpu
from ffmpeg_worker.pipeline.inspect_inputs import inspect_inputs
from ffmpeg_worker.planning.hardware.explicit_hardware import needs_gpu
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.plan import FfmpegStep, Lane, Plan
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.tasks import cancel_and_wait


class InformedPlan:
    """The plan of a job whose inputs are still being probed.

    Command lines do not depend on what the inputs hold; only estimates and promises of length do. Planning is
    pure and takes a fraction of a millisecond, so it is done again when the facts are there.
    """

    def __init__(self, plan: Plan, informed: asyncio.Task[Plan]) -> None:
        self.plan = plan
        self._informed = informed

    def expected_s(self, lane: int, step: int) -> float | None:
        """Seconds of a step's output as known by now, for progress."""
        known = self._informed.done() and not self._informed.cancelled() and not self._informed.exception()
        steps = (self._informed.result() if known else self.plan).lanes[lane].steps
        # What runs instead of it on the CPU may have more steps, which know their lengths themselves.
        planned = steps[step] if step < len(steps) else None
        return planned.expected_s if isinstance(planned, FfmpegStep) else None

    async def lane(self, index: int) -> Lane:
        """A lane with all its promises."""
        return (await asyncio.shield(self._informed)).lanes[index]


@asynccontextmanager
async def open_plan(
    job: Job,
    files: LocalFiles,
    needs: Sequence[RequiredInput],
    probes: ProbeSession,
    *,
    cores: int,
    option_policy: bool,
    gpu: Gpu = NO_GPU,
    draws_ass: bool = True,
) -> AsyncIterator[InformedPlan]:
    """Plan a job; `vmaf`, compositions and jobs for a card wait for the facts, which their commands are made of.

    Raises:
        InvalidJob: see `make_plan`.
    """
    if isinstance(job, VmafJob | CanvasJob | PreviewJob) or (gpu.encoders and needs_gpu(job)):
        files, needs = await inspect_inputs(files, needs, probes), ()
    plan = make_plan(job, files, cores=cores, option_policy=option_policy, gpu=gpu, draws_ass=draws_ass)

    async def learn() -> Plan:
        if not any(need.is_media for need in needs):
            return plan
        described = await inspect_inputs(files, needs, probes)
        return make_plan(job, described, cores=cores, option_policy=option_policy, gpu=gpu)

    informed = asyncio.ensure_future(learn())
    try:
        yield InformedPlan(plan, informed)
    finally:
        await cancel_and_wait(informed)
