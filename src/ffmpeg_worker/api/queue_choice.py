"""Whether a request asks for a queued job."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.idempotency import IDEMPOTENCY_HEADER, read_idempotency_key
from ffmpeg_worker.api.preferences import read_preferences
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.queue_fields import QueueFields
from ffmpeg_worker.planning.planner import ReadJob

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
        not app_state_of(request).services.queue.runs_jobs
        or not {"async", "wait"}.isdisjoint(request.query_params)
        or "prefer" in request.headers
        or IDEMPOTENCY_HEADER in request.headers
        or any(key in body.content for key in _KEYS)
    )


def asks_queue(request: Request, read: ReadJob[Any]) -> bool:
    """Whether a request asks for a queued job; where other processes run the jobs, all are queued.

    Preferences do not, where there is no queue: they are wishes. One to wait so long and no longer needs the
    queue, since a job that runs directly ends with its request.
    """
    preferred, queue = read_preferences(request), app_state_of(request).services.queue
    if not queue.runs_jobs:
        return True
    if bool(read_async(request)) or read_idempotency_key(request) or read.job.needs_queue:
        return True
    wishes = preferred.is_async or preferred.wait_s is not None
    return wishes and queue.is_on


def read_async(request: Request) -> bool | None:
    """Return `async` of the query string, or `None` where it is not given.

    Raises:
        InvalidJob: it is neither true nor false.
    """
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
