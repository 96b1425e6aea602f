"""The whole service: the stages that every job passes, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.secrets import make_job_redaction, redact_error
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.fetch.fetch import fetch
from ffmpeg_worker.pipeline.full_disk import full_disk_as_error
from ffmpeg_worker.pipeline.inspect_inputs import inspect_inputs
from ffmpeg_worker.pipeline.job_context import open_job
from ffmpeg_worker.pipeline.redelivery import find_delivered_result, record_result
from ffmpeg_worker.pipeline.report import make_result
from ffmpeg_worker.pipeline.run_lanes import run_lanes
from ffmpeg_worker.pipeline.runtime import Runtime
from ffmpeg_worker.planning.planner import ReadJob


async def run_job(runtime: Runtime, read: ReadJob[Any]) -> JobResult:
    """Run a job that was read, to its media.

    Raises:
        WorkerError: of any kind but Misconfigured; nothing of the job is left behind.
    """
    with _redacted(read), full_disk_as_error():
        async with open_job(runtime, read) as context:
            if (delivered := await find_delivered_result(context)) is not None:
                return delivered
            files = await fetch(context)
            async with inspect_inputs(context, files) as inputs:
                plan = await runtime.resources.compute.plan(
                    read, inputs.files, context.machine, runtime.deadline, owner=runtime.owner
                )
                lanes = await run_lanes(context, plan, inputs)
            result = make_result(context, files, lanes)
            await record_result(context, lanes, result)
            return result


@contextmanager
def _redacted(read: ReadJob[Any]) -> Iterator[None]:
    """Take the secrets of a job out of its log and its errors."""
    redact = make_job_redaction(read.secrets, read.command_secrets)
    token = redact_var.set(redact)
    try:
        yield
    except WorkerError as error:
        raise redact_error(error, redact) from None
    finally:
        redact_var.reset(token)
