"""Jobs that a request puts into the queue, and the responses about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job.queue_fields import QueueFields
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.planning.planner import ReadJob

JOBS_PATH = "/api/jobs"
IDEMPOTENCY_HEADER = "Idempotency-Key"
MAX_WAIT_S = 600
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "on", ""})
_FALSE = frozenset({"false", "0", "no", "off"})
_KEYS = tuple(
    f'"{field.alias or name}"'.encode()
    for name, field in QueueFields.model_fields.items()
    if name in {"async_", "callback_url", "webhook", "idempotency_key"}
)


def may_need_queue(request: Request, body: JobBody) -> bool:
    """Whether a request may ask for a queued job; a cheap look, as most requests do not."""
    return (
        _asks_async(request) is not None
        or IDEMPOTENCY_HEADER in request.headers
        or any(key in body.content for key in _KEYS)
    )


def asks_queue(request: Request, read: ReadJob[Any]) -> bool:
    """Whether a request asks for a queued job."""
    return bool(_asks_async(request)) or IDEMPOTENCY_HEADER in request.headers or bool(read.job.needs_queue)


async def respond_from_queue(
    request: Request, body: JobBody, read: ReadJob[Any], *, is_async: bool | None = None
) -> Response:
    """Queue a job, and respond: an asynchronous one with 202, maybe after `Prefer: wait`, another with its result.

    A caller that goes away does not stop a queued job.

    Raises:
        WorkerError: the job cannot be queued, or failed while the caller waited.
    """
    if is_async is None:
        is_async = read.job.async_ if (asked := _asks_async(request)) is None else asked
    state, record = app_state_of(request), request_record_of(request.scope)
    queue = await state.services.queue.get()
    from ffmpeg_worker.job_queue.job_queue import SentJob  # noqa: PLC0415 - loads the engine

    sent = SentJob(
        body,
        read.job,
        record.owner,
        job_id=record.job_id,
        idempotency_key=request.headers.get(IDEMPOTENCY_HEADER),
    )
    job, _ = await queue.submit(sent)
    wait_s = read_wait(request) if is_async else float(MAX_WAIT_S)
    if wait_s:
        job = await queue.wait(job.job_id, record.owner, wait_s)
    if not is_async and job.is_final:
        return result_response(request, job)
    headers = {"Preference-Applied": f"wait={wait_s:.0f}"} if is_async and wait_s else {}
    return accepted_response(request, job, headers)


def accepted_response(request: Request, job: JobRecord, headers: Mapping[str, str]) -> Response:
    """Respond with the record of a job: 202, or 200 if it has ended."""
    value = describe_job(request, job)
    return json_response(value, 200 if job.is_final else 202, headers={"Location": value["status_url"], **headers})


def result_response(request: Request, job: JobRecord) -> Response:
    """Respond with the result of an ended job.

    Raises:
        WorkerError: why it failed.
    """
    if job.error is not None:
        raise error_from_problem(job.error)
    return json_response(link_outputs(request, job).result)


def link_outputs(request: Request, job: JobRecord) -> JobRecord:
    """Return a job whose outputs have the links by which they can be fetched."""
    queue = app_state_of(request).services.queue.opened
    return job if queue is None else queue.links.describe_outputs(job, base_url(request))


def describe_job(request: Request, job: JobRecord) -> dict[str, Any]:
    """Return a job as its callers see it."""
    job = link_outputs(request, job)
    return {**job.as_json(), "status_url": f"{base_url(request)}{JOBS_PATH}/{job.job_id}"}


def base_url(request: Request) -> str:
    """Return the base of links in answers, without a slash at its end."""
    settings = app_state_of(request).services.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")


def read_wait(request: Request) -> float:
    """Return the seconds that a caller prefers to wait (RFC 7240), 0 if it does not say."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return min(float(found[1]), MAX_WAIT_S) if found else 0.0


def _asks_async(request: Request) -> bool | None:
    value = request.query_params.get("async")
    if value is None:
        return None
    if value.lower() not in _TRUE | _FALSE:
        raise InvalidJob(
            '"async" in the query string is neither true nor false.',
            code="invalid_value",
            hint="Give ?async=true, or leave it out.",
            where={"field": "async"},
        )
    return value.lower() in _TRUE
