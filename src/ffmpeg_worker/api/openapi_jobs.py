"""The parts of the OpenAPI document about queued jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ffmpeg_worker.api.form import FORM_TYPE
from ffmpeg_worker.api.idempotency import IDEMPOTENCY_HEADER, MAX_KEY
from ffmpeg_worker.api.job_parameters import DEFAULT_PAGE, MAX_PAGE
from ffmpeg_worker.api.job_stream import EVENTS_TYPE
from ffmpeg_worker.api.ndjson_progress import NDJSON_TYPE
from ffmpeg_worker.api.openapi_parts import (
    JOB_ID_PARAMETER,
    JOB_PROBLEMS,
    content,
    content_type,
    describe_operation,
    parameter,
    problems,
)
from ffmpeg_worker.api.openapi_schemas import NO_NUL, REF
from ffmpeg_worker.api.preferences import MAX_WAIT_S
from ffmpeg_worker.api.queued_job import EXAMPLE
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job_queue.job_record import JobStatus

_TAG = "queued jobs"
_describe = partial(describe_operation, _TAG)
_JSON = "application/json"
_SHOWN_PROBLEMS = [401, 404, 422, 429, 499, 501, 503]
_CHANGED_PROBLEMS = [401, 404, 409, 422, 429, 499, 501, 503]
_TEXT = {"type": "string", "pattern": NO_NUL}
_TIME = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "integer", "minimum": 0}

_WAITING: Sequence[dict[str, Any]] = (
    parameter(
        "wait",
        "query",
        f"Seconds to wait for the end of the job, at most {MAX_WAIT_S}; the same as `Prefer: wait=…`.",
        30,
        {"type": "integer", "minimum": 0},
    ),
    parameter(
        "Prefer",
        "header",
        "`wait=30` waits up to 30 seconds for the end of the job (RFC 7240).",
        "wait=30",
        {"type": "string"},
    ),
)
_KEY = parameter(
    IDEMPOTENCY_HEADER,
    "header",
    "Your own name for this job. Sent again with the same job, the answer is about the first one.",
    "order-17",
    {"type": "string", "maxLength": MAX_KEY, "pattern": "^[ -~]*$"},
)
SENDING_PARAMETERS: Sequence[dict[str, Any]] = (
    parameter(
        "async",
        "query",
        "Queue the job and answer at once with its record; `Prefer: respond-async` does the same.",
        True,
        {"type": "boolean"},
    ),
    *_WAITING,
    _KEY,
)
"""Parameters of the routes of actions, for queued jobs."""
_FILTERS = (
    parameter(
        "status",
        "query",
        f"Only jobs in this state, or in one of several with commas between them: {', '.join(JobStatus)}.",
        "failed,cancelled",
        {"type": "string"},
    ),
    parameter("action", "query", "Only jobs of this action.", "process", {"type": "string", "enum": [*ACTIONS]}),
    parameter("created_from", "query", "Only jobs sent then or later.", "2026-11-30T12:00:00Z", _TIME),
    parameter("created_before", "query", "Only jobs sent before.", "2026-12-01T00:00:00Z", _TIME),
    parameter("parent_id", "query", "Pieces of this job; other lists leave pieces out.", JOB_ID, _TEXT),
    parameter(
        "limit",
        "query",
        f"Jobs of a page. Default: {DEFAULT_PAGE}.",
        20,
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
    ),
    parameter("cursor", "query", "`next_cursor` of the page before.", "1041", _TEXT),
)


def _record(description: str) -> dict[str, Any]:
    return content(description, _JSON, "QueuedJob", EXAMPLE)


_LOCATION = {"description": "Address of the record.", "schema": {"type": "string"}}
_ACCEPTED = {**_record("The job is queued; this is its record."), "headers": {"Location": _LOCATION}}
ACCEPTED: Mapping[str, Any] = {
    "description": "The job is queued, because the request asked for it: the body is its record, a `QueuedJob`.",
    "headers": {"Location": _LOCATION},
    "x-record": {"$ref": f"{REF}QueuedJob"},
}
"""Response of the routes of actions to a request for a queued job.

Its record is not described as content: generated clients would take it for another shape of the result, which no
caller gets who does not ask for it. Those who do have `POST /api/jobs`, where it is described.
"""
_ENDED = _record("The job has ended; this is its record.")


def describe_send() -> dict[str, Any]:
    """Return the arguments of `FastAPI.add_api_route` that document `POST /api/jobs`."""
    examples = {
        action.name: {"value": {"action": action.name, "data": action.request}} for action in ACTIONS.values()
    }
    schema = {"type": "object", "description": "A job: `action` and `data`, or `path` and `body`."}
    parts = {"type": "object", "required": ["job"], "properties": {"job": schema}}
    form = {"schema": {**parts, "additionalProperties": {"type": "string", "format": "binary"}}}
    encoding = {"encoding": {"job": {"contentType": _JSON}}}
    body = {_JSON: {"schema": schema, "examples": examples}, FORM_TYPE: {**form, **encoding}}
    return _describe(
        "send_job",
        "Queue a job",
        "A whole job, in either spelling. The answer comes at once, unless `wait` is given.",
        {200: _ENDED, 202: _ACCEPTED, **problems(JOB_PROBLEMS)},
        [*_WAITING, _KEY],
        requestBody={"required": True, "content": body},
    )


def describe_list() -> dict[str, Any]:
    """Return the same for `GET /api/jobs`."""
    page = content("A page of jobs.", _JSON, "JobPage", {"jobs": [EXAMPLE], "next_cursor": "1041"})
    return _describe(
        "list_jobs",
        "List queued jobs",
        "Newest first. An API key sees its own jobs only. `metadata.KEY=VALUE` selects jobs by their `metadata`.",
        {200: page, **problems([401, 422, 501, 503])},
        _FILTERS,
    )


def describe_show() -> dict[str, Any]:
    """Return the same for `GET /api/jobs/{id}`."""
    return _describe(
        "show_job",
        "Show a queued job",
        "Its state, progress, and result or error.",
        {200: _record("The record of the job."), **problems(_SHOWN_PROBLEMS)},
        [JOB_ID_PARAMETER, *_WAITING],
    )


def describe_cancel() -> dict[str, Any]:
    """Return the same for `DELETE /api/jobs/{id}`."""
    return _describe(
        "cancel_job",
        "Cancel a queued job",
        "202 while its programs are being stopped. A job that has ended stays as it is, with 200.",
        {200: _ENDED, 202: _record("The job is being stopped."), **problems(_SHOWN_PROBLEMS)},
        [JOB_ID_PARAMETER, *_WAITING],
    )


def describe_retry() -> dict[str, Any]:
    """Return the same for `POST /api/jobs/{id}/retry`."""
    return _describe(
        "retry_job",
        "Run an ended job again",
        "Under the same id; its earlier result, log and outputs are removed.",
        {200: _ENDED, 202: _ACCEPTED, **problems(_CHANGED_PROBLEMS)},
        [JOB_ID_PARAMETER, *_WAITING],
    )


def describe_events() -> dict[str, Any]:
    """Return the same for `GET /api/jobs/{id}/events`."""
    events = {
        "description": "Server-sent events `status` and `progress`, each with the record of the job; the id is "
        "its `revision`. Lines of JSON with `Accept: application/x-ndjson`.",
        "content": {EVENTS_TYPE: {"schema": {"type": "string"}}, NDJSON_TYPE: {"schema": {"type": "string"}}},
        "x-event": {"$ref": f"{REF}QueuedJob"},
    }
    return _describe(
        "follow_job",
        "Follow a queued job",
        "The record now, and after every change, until the job has ended. 204 if the caller has the last one.",
        {200: events, 204: {"description": "Nothing will follow."}, **problems(_SHOWN_PROBLEMS)},
        [
            JOB_ID_PARAMETER,
            parameter("after", "query", "The revision that you have.", 7, _NUMBER),
            parameter("Last-Event-ID", "header", "The same, as browsers send it.", "7", {"type": "string"}),
        ],
    )


def describe_log() -> dict[str, Any]:
    """Return the same for `GET /api/jobs/{id}/log`."""
    example = {
        "log": [{"number": 12, "attempt": 1, "lane": 0, "command": 0, "text": "frame=  250 fps= 96"}],
        "last": 12,
        "status": "running",
    }
    found = {
        "description": "The log. The header `Link` has the address of what follows.",
        "content": {**content_type(_JSON, "JobLogPage", example), "text/plain": {"schema": {"type": "string"}}},
    }
    return _describe(
        "show_job_log",
        "Show what the commands of a job said",
        "As JSON, or as text with `Accept: text/plain`. With `wait`, the answer comes when there is more.",
        {200: found, **problems(_SHOWN_PROBLEMS)},
        [JOB_ID_PARAMETER, parameter("after", "query", "`last` of the answer before.", 12, _NUMBER), *_WAITING],
    )
