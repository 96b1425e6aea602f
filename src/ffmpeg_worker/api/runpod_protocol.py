"""RunPod's endpoint protocol: what it says beside the status of a job.

https://docs.runpod.io/serverless/endpoints/operations describes it; what RunPod's own clients need is in
`tests/e2e/test_runpod_endpoint.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.runpod_output import make_progress
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.runpod_status import status_of_job


def describe_stream(job: JobRecord) -> dict[str, Any]:
    """Return the answer to `/stream`: the progress of a job that runs."""
    is_running = job.status is JobStatus.RUNNING and job.progress is not None
    chunks = [{"output": make_progress(job.progress)}] if is_running else []
    return {"id": job.job_id, "status": status_of_job(job), "stream": chunks}


def describe_health(counts: Mapping[JobStatus, int], retries: int, workers: int, busy: int) -> dict[str, Any]:
    """Return the answer to `/health`: numbers of jobs and of processes that run them."""
    return {
        "jobs": {
            "completed": counts[JobStatus.SUCCEEDED],
            "failed": counts[JobStatus.FAILED],
            "inProgress": counts[JobStatus.RUNNING] + counts[JobStatus.CANCELLING],
            "inQueue": counts[JobStatus.QUEUED],
            "retried": retries,
        },
        "workers": {
            "idle": workers - busy,
            "initializing": 0,
            "ready": workers,
            "running": busy,
            "throttled": 0,
            "unhealthy": 0,
        },
    }
