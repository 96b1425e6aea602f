"""Records of queued jobs, as callers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class JobStatus(StrEnum):
    """States of a queued job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What happened to a queued job.

    Attributes:
        job_id: unguessable, and the id of its first and every later run.
        owner: label of the API key that sent it.
        action: name of its action.
        status: current state.
        revision: grows with every change, also of the progress; the id of its server-sent events.
        priority: from 1, which runs first, to 100.
        created_at: seconds since 1970; so are the other times, `None` while not reached.
        started_at: start of the first attempt of the current run.
        ended_at: when the state became final.
        attempts: times that a worker has begun the current run, without those that a shutdown ended.
        retries: times that a caller has repeated the job.
        progress: the newest progress, as every door shows it.
        result: JSON of the result of a succeeded job.
        error: problem of a failed or cancelled job.
        metadata: of the request, unchanged.
        outputs_place: id of the folder of jobs that holds its outputs; `None` where they were uploaded.
        outputs_removed: whether retention has removed its outputs.
        parent_id: the job whose piece it is.
        run: counts the entries of the job in the engine's queue.
        executor: the worker that has begun its last attempt.
        has_callback: whether a webhook tells its end.
        sealed_result: `result` as it is stored.
    """

    job_id: str
    owner: str
    action: str
    status: JobStatus
    revision: int
    priority: int
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    attempts: int = 0
    retries: int = 0
    progress: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    outputs_place: str | None = None
    outputs_removed: bool = False
    parent_id: str | None = None
    run: int = 1
    executor: str | None = None
    has_callback: bool = False
    sealed_result: bytes | None = field(default=None, repr=False)

    @property
    def run_id(self) -> str:
        """The name of the current run in the engine's queue."""
        return f"{self.job_id}.{self.run}"

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form that every door shows, without fields that are not known."""
        values: dict[str, Any] = {
            "id": self.job_id,
            "action": self.action,
            "status": self.status.value,
            "revision": self.revision,
            "priority": self.priority,
            "created_at": time_text(self.created_at),
            "started_at": time_text(self.started_at),
            "ended_at": time_text(self.ended_at),
            "attempts": self.attempts,
            "retries": self.retries or None,
            "progress": self.progress,
            "result": self.result,
            "error": self.error,
            "metadata": self.metadata,
            "outputs_removed": self.outputs_removed or None,
            "parent_id": self.parent_id,
        }
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list holds; `None` and an empty mapping select all.

    Attributes:
        owner: only jobs of this API key.
        statuses: only jobs in one of these states.
        action: only jobs of this action.
        created_from: only jobs made at this time (seconds since 1970) or later.
        created_before: only jobs made before this time.
        metadata: only jobs whose metadata have these texts under these keys.
        parent_id: only pieces of this job; without it, pieces are left out.
    """

    owner: str | None = None
    statuses: Sequence[JobStatus] = ()
    action: str | None = None
    created_from: float | None = None
    created_before: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs of one page of a list, newest first; `next_cursor` continues it, `None` at its end."""

    jobs: Sequence[JobRecord]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What one command of a job said, redacted; `number` grows over the job."""

    number: int
    attempt: int
    lane: int
    command: int
    text: str


def time_text(seconds: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
