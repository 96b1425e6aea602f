"""`/api/jobs`: sends jobs to the queue, and watches, cancels and repeats them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.queued_jobs import accepted_response, describe_job, respond_from_queue
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.job_record import JobFilter, JobStatus

_MAX_PAGE = 200
_FILTERS = ("status", "action", "created_from", "created_before", "parent_id", "limit", "cursor")
_METADATA = "metadata."


async def send_job(request: Request) -> Response:
    """`POST /api/jobs`: queue a whole job."""
    state, record = app_state_of(request), request_record_of(request.scope)
    with state.bodies.receiving(record.owner) as count:
        content = await read_body(request, state.services.settings.max_body_bytes, count=count)
    body = JobBody(None, content)
    read = await state.services.read(body, owner=record.owner)
    return await respond_from_queue(request, body, read, is_async=True)


async def show_job(request: Request) -> Response:
    """`GET /api/jobs/{id}`."""
    queue = await app_state_of(request).services.queue.get()
    job = await queue.get(request.path_params["job_id"], request_record_of(request.scope).owner)
    return json_response(describe_job(request, job))


async def list_jobs(request: Request) -> Response:
    """`GET /api/jobs`: a page of jobs, newest first."""
    wanted, cursor, limit = _read_filter(request)
    queue = await app_state_of(request).services.queue.get()
    page = await queue.list(wanted, cursor=cursor, limit=limit)
    jobs = [describe_job(request, job) for job in page.jobs]
    return json_response({"jobs": jobs, "next_cursor": page.next_cursor})


async def cancel_job(request: Request) -> Response:
    """`DELETE /api/jobs/{id}`."""
    queue = await app_state_of(request).services.queue.get()
    job = await queue.cancel(request.path_params["job_id"], request_record_of(request.scope).owner)
    return accepted_response(request, job, {})


async def retry_job(request: Request) -> Response:
    """`POST /api/jobs/{id}/retry`."""
    queue = await app_state_of(request).services.queue.get()
    job = await queue.retry(request.path_params["job_id"], request_record_of(request.scope).owner)
    return accepted_response(request, job, {})


async def show_log(request: Request) -> Response:
    """`GET /api/jobs/{id}/log`: what the commands said."""
    queue = await app_state_of(request).services.queue.get()
    after = request.query_params.get("after", "0")
    entries = await queue.read_log(
        request.path_params["job_id"],
        request_record_of(request.scope).owner,
        int(after) if after.isdecimal() else 0,
    )
    shown = [
        {"number": entry.number, "attempt": entry.attempt, "lane": entry.lane, "command": entry.command}
        | {"text": entry.text}
        for entry in entries
    ]
    return json_response({"log": shown})


def _read_filter(request: Request) -> tuple[JobFilter, str | None, int]:
    """Read the query string of a list: the filter, the cursor and the number of jobs.

    Raises:
        InvalidJob: a parameter is not known, or has no such value.
    """
    given = dict(request.query_params)
    metadata = {key.removeprefix(_METADATA): given.pop(key) for key in [*given] if key.startswith(_METADATA)}
    for key in given:
        if key not in _FILTERS:
            raise _refused(key, "is not a filter of jobs", f"Filters are {', '.join(_FILTERS)}, metadata.KEY.")
    statuses = [part for part in given.get("status", "").split(",") if part]
    for status in statuses:
        if status not in set(JobStatus):
            raise _refused("status", "has a state that jobs do not have", f"States are {', '.join(JobStatus)}.")
    limit = given.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= _MAX_PAGE:
        raise _refused("limit", "is not a number of jobs", f"Give 1 to {_MAX_PAGE}.")
    wanted = JobFilter(
        owner=request_record_of(request.scope).owner,
        statuses=[JobStatus(status) for status in statuses],
        action=given.get("action"),
        created_from=_read_time(given, "created_from"),
        created_before=_read_time(given, "created_before"),
        metadata=metadata,
        parent_id=given.get("parent_id"),
    )
    return wanted, given.get("cursor"), int(limit)


def _read_time(given: dict[str, Any], key: str) -> float | None:
    if key not in given:
        return None
    try:
        return datetime.fromisoformat(given[key]).timestamp()
    except (ValueError, OverflowError):
        raise _refused(key, "is not a time", "Give ISO 8601, such as 2026-11-30T12:00:00Z.") from None


def _refused(key: str, what: str, hint: str) -> InvalidJob:
    return InvalidJob(f'"{key[:64]}" {what}.', code="invalid_value", hint=hint, where={"field": key[:64]})
