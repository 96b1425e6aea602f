"""A job as its server describes it, and what happens to it while it is watched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from ffmpeg_worker.client.errors import bad_response, make_job_error

FINAL_STATUSES = frozenset({"succeeded", "failed", "cancelled"})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job; what is not known is None.

    Attributes:
        percent: from 0 to 100; it never decreases.
        stage: `fetching`, `waiting`, `running`, `verifying`, `delivering` or `done`.
        fps: frames made per second, by all running commands.
        speed: seconds of media made per second, likewise.
        eta_s: estimated seconds until the job ends.
        output: name of the output that is being made.
        position: place among the waiting jobs, 1 is next.
        value: all of its JSON.
    """

    percent: float
    stage: str
    fps: float | None = None
    speed: float | None = None
    eta_s: float | None = None
    output: str | None = None
    position: int | None = None
    value: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read the progress of any version of the worker; fields of an unexpected type are left out."""
        stage, output, position = value.get("stage"), value.get("output"), _read_number(value, "position")
        return cls(
            _read_number(value, "percent") or 0.0,
            stage if isinstance(stage, str) else "running",
            _read_number(value, "fps"),
            _read_number(value, "speed"),
            _read_number(value, "eta_s"),
            output if isinstance(output, str) else None,
            None if position is None else int(position),
            value,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the API, or RunPod, describes it.

    Attributes:
        id: its id.
        status: `queued`, `running`, `cancelling`, `succeeded`, `failed` or `cancelled`.
        revision: grows with every change; 0 on RunPod.
        value: all of its JSON, in the shape of `GET /api/jobs/{id}`.
    """

    id: str
    status: str
    revision: int = 0
    value: Json = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a job of a response.

        Raises:
            ApiError: it is none (`api_bad_answer`).
        """
        match value:
            case {"id": str(job_id), "status": str(status)}:
                revision = value.get("revision", 0)
                return cls(job_id, status, revision if isinstance(revision, int) else 0, value)
        raise bad_response("it describes no job.")

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL_STATUSES

    @property
    def progress(self) -> Progress | None:
        """The progress of the job; None while nothing is known."""
        value = self.value.get("progress")
        return Progress.from_json(value) if isinstance(value, Mapping) else None

    @property
    def result(self) -> dict[str, Any] | None:
        """The result of a job that succeeded."""
        value = self.value.get("result")
        return dict(value) if isinstance(value, Mapping) else None

    @property
    def error(self) -> dict[str, Any] | None:
        """The problem of a job that failed or was cancelled."""
        value = self.value.get("error")
        return dict(value) if isinstance(value, Mapping) else None

    def read_result(self) -> dict[str, Any]:
        """Return the result of a job that has ended.

        Raises:
            JobFailed, JobCancelled: it has none.
        """
        if self.status == "succeeded":
            return self.result or {}
        code = "cancelled" if self.status == "cancelled" else "worker_error"
        ended = {"error": f"The job ended as {self.status}.", "code": code, "fault": "worker"}
        raise make_job_error({**ended, **(self.error or {})}, job_id=self.id)


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first; `next_cursor` continues it, None at the end."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """The job has another status than before; the first event of a job that runs or waits is one."""

    job: Job
    type: Literal["status"] = "status"


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """The job has got further."""

    job: Job
    progress: Progress
    type: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class EndEvent:
    """The job has ended: the last event. `job` has its result or its error."""

    job: Job
    type: Literal["end"] = "end"


JobEvent = StatusEvent | ProgressEvent | EndEvent


def make_event(before: Job | None, job: Job) -> JobEvent:
    """Return what a change of a job means."""
    if job.is_final:
        return EndEvent(job)
    progress = job.progress
    if progress is None or before is None or before.status != job.status:
        return StatusEvent(job)
    return ProgressEvent(job, progress)


def _read_number(value: Json, name: str) -> float | None:
    number = value.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return None
    return max(float(number), 0.0)
