"""Records of jobs as RunPod shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ffmpeg_worker.api.runpod_protocol import describe_health, describe_stream
from ffmpeg_worker.errors import EngineTimedOut, JobCancelled, JobExpired, SourceNotFound, WorkerError
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.runpod_status import describe_sent, describe_status

QUEUED = JobRecord("the-id", "owner", "probe", JobStatus.QUEUED, revision=1, priority=50, created_at=1000.0)
RUNNING = replace(QUEUED, status=JobStatus.RUNNING, started_at=1001.5, attempts=1, executor="machine-7-0a1b2c3d")
PROGRESS = {"stage": "running", "percent": 41.3}


def failed(error: WorkerError) -> JobRecord:
    return replace(RUNNING, status=JobStatus.FAILED, ended_at=1004.0, error=error.as_problem("the-id"))


def test_a_job_that_waits() -> None:
    assert describe_status(QUEUED) == describe_sent(QUEUED) == {"id": "the-id", "status": "IN_QUEUE"}


def test_a_job_that_runs_shows_its_progress() -> None:
    known = {"id": "the-id", "status": "IN_PROGRESS", "delayTime": 1500, "workerId": "0a1b2c3d"}
    assert describe_status(RUNNING) == known
    assert describe_status(replace(RUNNING, progress=PROGRESS)) == {**known, "output": {"progress": PROGRESS}}


def test_a_job_that_succeeded() -> None:
    record = replace(
        RUNNING, status=JobStatus.SUCCEEDED, ended_at=1004.25, result={"outputs": []}, progress=PROGRESS
    )
    assert describe_status(record) == {
        "id": "the-id",
        "status": "COMPLETED",
        "delayTime": 1500,
        "executionTime": 2750,
        "output": {"success": True, "result": {"outputs": []}},
        "workerId": "0a1b2c3d",
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SourceNotFound("No such file."), "FAILED"),
        (EngineTimedOut("Too slow."), "TIMED_OUT"),
        (JobExpired("Too late."), "TIMED_OUT"),
    ],
)
def test_a_job_that_failed(error: WorkerError, status: str) -> None:
    shown = describe_status(failed(error))
    assert (shown["status"], shown["error"]) == (status, error.message)
    assert shown["output"] == {"details": {**error.as_problem("the-id")}}


@pytest.mark.parametrize("status", [JobStatus.CANCELLING, JobStatus.CANCELLED])
def test_a_job_that_was_cancelled_has_no_output(status: JobStatus) -> None:
    problem = JobCancelled("The job was cancelled.").as_problem("the-id")
    record = replace(QUEUED, status=status, ended_at=1003.0, error=problem)
    assert describe_status(record) == {
        "id": "the-id",
        "status": "CANCELLED",
        "delayTime": 3000,
        "executionTime": 0,
    }


def test_a_repeated_job_shows_no_wait_that_is_wrong() -> None:
    shown = describe_status(replace(RUNNING, retries=2))
    assert "delayTime" not in shown
    assert shown["retries"] == 2


@pytest.mark.parametrize(
    ("record", "status", "chunks"),
    [
        (QUEUED, "IN_QUEUE", []),
        (RUNNING, "IN_PROGRESS", []),
        (replace(RUNNING, progress=PROGRESS), "IN_PROGRESS", [{"output": {"progress": PROGRESS}}]),
        (replace(RUNNING, status=JobStatus.SUCCEEDED, progress=PROGRESS), "COMPLETED", []),
    ],
)
def test_a_stream_has_the_progress_of_a_job_that_runs(record: JobRecord, status: str, chunks: list[Any]) -> None:
    assert describe_stream(record) == {"id": "the-id", "status": status, "stream": chunks}


def test_health() -> None:
    counts = {status: number for number, status in enumerate(JobStatus, 1)}
    assert describe_health(counts, retries=7, workers=3, busy=1) == {
        "jobs": {"completed": 4, "failed": 5, "inProgress": 5, "inQueue": 1, "retried": 7},
        "workers": {"idle": 2, "initializing": 0, "ready": 3, "running": 1, "throttled": 0, "unhealthy": 0},
    }
