"""The JSON of queued jobs, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.job.problem import Problem

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
_STATUS_URL = f"https://media.example/api/jobs/{JOB_ID}"

EXAMPLE: Mapping[str, Any] = {
    "id": JOB_ID,
    "action": "process",
    "status": "running",
    "revision": 7,
    "priority": 50,
    "created_at": "2026-11-30T12:00:00.000Z",
    "started_at": "2026-11-30T12:00:00.210Z",
    "attempts": 1,
    "progress": {"stage": "running", "percent": 41.3, "speed": 3.2, "eta_s": 12.4},
    "metadata": {"order": "A-17"},
    "status_url": _STATUS_URL,
}


class QueuedJob(BaseModel):
    """What is known of a queued job."""

    id: str = Field(description="Id of the job.", examples=[JOB_ID])
    action: str = Field(description="Its action.", examples=["process"])
    status: Status = Field(
        description="`queued`, `running`, `cancelling` until its programs are gone; or how it has ended.",
        examples=["running"],
    )
    revision: int = Field(
        description="Grows with every change, also of the progress; the id of its events.", examples=[7]
    )
    priority: int = Field(description="Order among queued jobs: 1 runs first.", examples=[50])
    created_at: datetime = Field(description="When it was sent.", examples=["2026-11-30T12:00:00.000Z"])
    started_at: datetime | None = Field(
        None,
        description="When a worker first began it; after a retry, when one began it again.",
        examples=["2026-11-30T12:00:00.210Z"],
    )
    ended_at: datetime | None = Field(None, description="When it ended.", examples=["2026-11-30T12:01:00.500Z"])
    attempts: int = Field(
        description="How often a worker has begun it, without attempts that a shutdown ended.", examples=[1]
    )
    retries: int | None = Field(None, description="How often a caller has repeated it.", examples=[1])
    progress: JobEvent | None = Field(
        None,
        description="Its newest progress.",
        examples=[{"stage": "running", "percent": 41.3, "speed": 3.2}],
    )
    result: Mapping[str, Any] | None = Field(
        None,
        description="Result of a job that succeeded, as the route of its action answers. Lists leave it out.",
        examples=[{"outputs": [], "stats": {"seconds": 60.3}, "warnings": []}],
    )
    error: Problem | None = Field(
        None,
        description="Why it failed or was cancelled.",
        examples=[
            {
                "error": "The job was cancelled.",
                "code": "cancelled",
                "fault": "caller",
                "retryable": False,
                "job_id": JOB_ID,
            }
        ],
    )
    metadata: Mapping[str, Any] | None = Field(
        None, description="`metadata` of the request, unchanged.", examples=[{"order": "A-17"}]
    )
    outputs_removed: bool | None = Field(
        None, description="True when its outputs were removed after the retention time.", examples=[True]
    )
    parent_id: str | None = Field(None, description="Id of the job whose piece it is.", examples=[JOB_ID])
    status_url: str = Field(description="Address of this record.", examples=[_STATUS_URL])


class JobPage(BaseModel):
    """A page of queued jobs, newest first."""

    jobs: list[QueuedJob] = Field(description="The jobs, without results.", examples=[[EXAMPLE]])
    next_cursor: str | None = Field(
        None, description="`cursor` of the next page; missing on the last one.", examples=["1041"]
    )


class JobLogEntry(BaseModel):
    """What a command of a job said."""

    number: int = Field(description="Grows over the job.", examples=[12])
    attempt: int = Field(description="Attempt at the job, from 1.", examples=[1])
    lane: int = Field(description="Process of a `multi_process`, from 0.", examples=[0])
    command: int = Field(description="Command of its chain, from 0.", examples=[0])
    text: str = Field(description="Its output, without secrets.", examples=["frame=  250 fps= 96"])


class JobLogPage(BaseModel):
    """What the commands of a job said."""

    log: list[JobLogEntry] = Field(
        description="Entries, oldest first; at most 1000.",
        examples=[[{"number": 12, "attempt": 1, "lane": 0, "command": 0, "text": "frame=  250 fps= 96"}]],
    )
    last: int = Field(description="`after` of the next request.", examples=[12])
    status: Status = Field(description="State of the job.", examples=["running"])
