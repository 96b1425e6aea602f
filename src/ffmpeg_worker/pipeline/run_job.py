"""The whole service: the stages that every job passes, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.secrets import find_secrets, make_redaction, redact_error
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.fetch.fetch import fetch
from ffmpeg_worker.pipeline.inspect_inputs import inspect_inputs
from ffmpeg_worker.pipeline.job_context import open_job
from ffmpeg_worker.pipeline.report import make_result
from ffmpeg_worker.pipeline.run_lanes import run_lanes
from ffmpeg_worker.pipeline.runtime import Runtime
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.read_job import read_job


async def run_job(runtime: Runtime, job: Job) -> JobResult:
    """Run a job from its JSON to its media.

    Raises:
        WorkerError: of any kind but Misconfigured; nothing of the job is left behind.
    """
    with _redacted(job):
        read = read_job(job, runtime.resources.machine)
        async with open_job(runtime, read) as context:
            files = await fetch(context)
            async with inspect_inputs(context, files) as inputs:
                plan = make_plan(read, inputs.files, context.machine)
                lanes = await run_lanes(context, plan, inputs)
            return make_result(context, files, lanes)


@contextmanager
def _redacted(job: Job) -> Iterator[None]:
    """Take the secrets of a job out of its log and its errors."""
    redact = make_redaction(find_secrets(job))
    token = redact_var.set(redact)
    try:
        yield
    except WorkerError as error:
        raise redact_error(error, redact) from None
    finally:
        redact_var.reset(token)
