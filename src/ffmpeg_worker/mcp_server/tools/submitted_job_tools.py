"""Tools for long work: submit a job, ask for it, cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.mcp_server.read_arguments import read_arguments
from ffmpeg_worker.mcp_server.schemas import answer_schema, arguments_schema, model_schema
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool
from ffmpeg_worker.mcp_server.whole_job import WHOLE_JOB_FIELDS, read_whole_job

MAX_WAIT_S = 50
"""Clients give up after 60 seconds, where nothing else is set."""


class _JobArguments(FrozenModel):
    job_id: str = Field(max_length=64, description="Id from submit_job.", examples=["0b6f…"])


class _StatusArguments(_JobArguments):
    wait_s: float = Field(
        0,
        ge=0,
        le=MAX_WAIT_S,
        allow_inf_nan=False,
        description="Wait this many seconds for the end of the job before answering.",
        examples=[30],
    )


class _Job(ResultModel):
    job_id: str = Field(description="Its id.")
    action: str = Field(description="Its action.")
    status: str = Field(
        description=f"{', '.join(status.value for status in JobStatus if status is not JobStatus.CANCELLING)}."
    )
    progress: Mapping[str, Any] | None = Field(None, description="Stage, percent and seconds left.")
    result: Mapping[str, Any] | None = Field(None, description="Result of a job that succeeded.")
    error: Mapping[str, Any] | None = Field(None, description="Problem of a job that failed or was cancelled.")


async def _submit(call: Call) -> Answer:
    body, read = await read_whole_job(call)
    return Answer(call.submitted.submit(body, read.job.action).as_json())


async def _status(call: Call) -> Answer:
    asked = read_arguments(_StatusArguments, call.arguments)
    job = call.submitted.get(asked.job_id)
    if asked.wait_s:
        await call.submitted.wait(job, asked.wait_s, call.observer)
    return Answer(job.as_json())


async def _cancel(call: Call) -> Answer:
    asked = read_arguments(_JobArguments, call.arguments)
    job = await call.submitted.cancel(asked.job_id)
    return Answer(job.as_json())


TOOLS = (
    Tool(
        "submit_job",
        "Submit a job",
        "Start a job that takes long, and return its job_id at once. Ask for it with job_status. A wrong job is "
        "refused here. Submitted jobs end with this server.",
        arguments_schema(WHOLE_JOB_FIELDS, "action", "data"),
        answer_schema(_Job),
        _submit,
        is_destructive=True,
        is_open_world=True,
    ),
    Tool(
        "job_status",
        "Show a job",
        "Show a submitted job: its status, progress, and result or error. With wait_s it waits for the end.",
        model_schema(_StatusArguments),
        answer_schema(_Job),
        _status,
        is_read_only=True,
        is_idempotent=True,
    ),
    Tool(
        "cancel_job",
        "Cancel a job",
        "Stop a submitted job. Nothing half-written stays. A job that has ended stays as it is.",
        model_schema(_JobArguments),
        answer_schema(_Job),
        _cancel,
        is_destructive=True,
        is_idempotent=True,
    ),
)
