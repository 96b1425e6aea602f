"""Responses about jobs of the queue: their records and their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.base_url import base_url
from ffmpeg_worker.api.preferences import Preferences, read_preferences
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.spooled_response import spool_json
from ffmpeg_worker.api.wait_for_job import wait_for_end
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job_queue.describe_job import describe_job as describe_record
from ffmpeg_worker.job_queue.job_record import JobRecord


async def respond_with_job(request: Request, job: JobRecord) -> Response:
    """Respond with the record of a job, when it has ended or the caller prefers to wait no longer.

    Raises:
        WorkerError: see `wait_for_end`.
    """
    preferred = read_preferences(request)
    job = await wait_as_preferred(request, job, preferred)
    return await accepted_response(request, job, preferred.as_headers())


async def wait_as_preferred(request: Request, job: JobRecord, preferred: Preferences) -> JobRecord:
    """Return a job when it has ended, or when the preferred time is over.

    Raises:
        KeyLimitReached: too many requests wait.
        WorkerError: see `wait_for_end`.
    """
    request_record_of(request.scope).job_id = job.job_id
    if not preferred.wait_s or job.is_final:
        return job
    with app_state_of(request).held.admit(job.owner):
        return await wait_for_end(request, job, preferred.wait_s)


async def accepted_response(
    request: Request, job: JobRecord, headers: Mapping[str, str], *, status: int | None = None
) -> Response:
    """Respond with the record of a job: by default with 202, or 200 if it has ended.

    Raises:
        DiskFull: see `spool`.
    """
    value = describe_job(request, job)
    all_headers = {"Location": value["status_url"], **headers}
    return await spool_json(request, value, status or (200 if job.is_final else 202), headers=all_headers)


async def result_response(request: Request, job: JobRecord, headers: Mapping[str, str]) -> Response:
    """Respond with the result of an ended job.

    Raises:
        WorkerError: why it failed.
    """
    if job.error is not None:
        raise error_from_problem(job.error)
    return await spool_json(request, link_outputs(request, job).result, headers=headers)


def link_outputs(request: Request, job: JobRecord) -> JobRecord:
    """Return a job whose outputs have the links by which they can be fetched."""
    queue = app_state_of(request).services.queue.opened
    return job if queue is None else queue.links.describe_outputs(job, base_url(request))


def describe_job(request: Request, job: JobRecord) -> dict[str, Any]:
    """Return a job as its callers see it."""
    return describe_record(link_outputs(request, job), base_url(request))
