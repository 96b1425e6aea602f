"""The JSON of a job in answers and in webhooks."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.job_queue.job_record import JobRecord

JOBS_PATH = "/api/jobs"


def describe_job(record: JobRecord, base_url: str | None) -> dict[str, Any]:
    """Return a job as JSON, with links below `base_url` where it is known."""
    value = record.as_json()
    return value if base_url is None else {**value, "status_url": f"{base_url}{JOBS_PATH}/{record.job_id}"}
