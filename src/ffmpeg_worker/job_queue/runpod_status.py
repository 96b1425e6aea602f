"""A job as RunPod shows it: the answer to `/status`, and the body of its webhook.

https://docs.runpod.io/serverless/endpoints/operations describes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.runpod_output import failure_of, make_failed_result, make_progress, success
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus

_STATUSES: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "IN_QUEUE",
    JobStatus.RUNNING: "IN_PROGRESS",
    JobStatus.CANCELLING: "CANCELLED",  # RunPod does not wait for a worker either
    JobStatus.SUCCEEDED: "COMPLETED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELLED: "CANCELLED",
}
_TIMEOUTS = frozenset({"timed_out", "job_expired"})
"""Codes of errors that RunPod has a status of its own for."""


def status_of_job(job: JobRecord) -> str:
    """Return RunPod's name of a job's state."""
    if job.status is JobStatus.FAILED and job.error is not None and job.error["code"] in _TIMEOUTS:
        return "TIMED_OUT"
    return _STATUSES[job.status]


def describe_sent(job: JobRecord) -> dict[str, Any]:
    """Return the answer to `/run`, `/cancel` and `/retry`."""
    return {"id": job.job_id, "status": status_of_job(job)}


def describe_status(job: JobRecord) -> dict[str, Any]:
    """Return the answer to `/status` and `/runsync`; times are in milliseconds."""
    status = describe_sent(job) | _describe_times(job) | _describe_output(job)
    if job.executor is not None:
        # The end of its name is random; the rest names the machine, which is the operator's business.
        status["workerId"] = job.executor.rpartition("-")[2]
    if job.retries:
        status["retries"] = job.retries
    return status


def _describe_times(job: JobRecord) -> dict[str, int]:
    """The wait of a job that was repeated is not known: its record has the time when it was first sent."""
    times = {}
    left_queue_at = job.started_at or job.ended_at
    if left_queue_at is not None and not job.retries:
        times["delayTime"] = _milliseconds(job.created_at, left_queue_at)
    if job.ended_at is not None:
        times["executionTime"] = _milliseconds(job.started_at or job.ended_at, job.ended_at)
    return times


def _milliseconds(began: float, ended: float) -> int:
    return max(round((ended - began) * 1000), 0)


def _describe_output(job: JobRecord) -> dict[str, Any]:
    match job.status:
        case JobStatus.RUNNING if job.progress is not None:
            return {"output": make_progress(job.progress)}
        case JobStatus.SUCCEEDED:
            return {"output": success(job.result or {})}
        case JobStatus.FAILED:
            return make_failed_result(failure_of(job.error or {}))
    return {}
