"""Errors as HTTP responses: the one place that knows HTTP statuses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.unknown_route import describe_unknown_route
from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.logs import log

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_RETRIED = frozenset({429, 503})

STATUS_BY_CODE: Mapping[str, int] = {code.name: code.status for code in CODES.values() if code.status is not None}
"""Codes whose status does not follow from the fault."""

STATUS_BY_FAULT: Mapping[Fault, int] = {
    Fault.CALLER: 422,
    Fault.SOURCE: 422,
    Fault.TARGET: 502,
    Fault.WORKER: 500,
    Fault.OPERATOR: 500,
}

STATUS_MEANINGS: Mapping[int, str] = {
    400: "The request is not valid HTTP, or its body is not valid JSON.",
    401: "The request has no API key, or an unknown one.",
    403: "This worker may not read or write the file or address, or the link is not valid any more.",
    404: "The input, the job or the route does not exist.",
    405: "The route does not support this method.",
    408: "The body did not arrive in time.",
    406: "The job has no file to answer with.",
    409: "Another job has the idempotency key, the job has not ended, or another file is in the way.",
    410: "The outputs of the job were removed after the retention time.",
    412: "The output or the file is not the one that the request expects.",
    413: "The body is too large.",
    415: "The body is not declared as what the route accepts.",
    416: "The output or the file is shorter than the range that is asked for.",
    421: "The worker does not serve this host name.",
    422: "The job is invalid, or an input is not usable.",
    429: "The API key has too much of the worker at once, or the queue is full: send the job again later.",
    431: "The headers are too large.",
    499: "The caller disconnected, or a queued job was cancelled while its caller waited.",
    500: "The worker failed.",
    501: "This version does not support the feature.",
    502: "The server of an input does not respond, or an output cannot be delivered.",
    503: "The worker is full or shutting down, or its database does not answer: send the job again.",
    504: "The job exceeded its timeout.",
    507: "The files and outputs on this worker take as much as they may.",
}


def status_of(error: WorkerError) -> int:
    """Return the HTTP status of an error."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    if error.fault is Fault.WORKER and error.retryable:
        return 503
    return STATUS_BY_FAULT[error.fault]


def problem_response(
    error: WorkerError, job_id: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Make the `application/problem+json` response for an error."""
    status = status or status_of(error)
    more = dict(headers or {})
    if status in _RETRIED:
        more.setdefault("Retry-After", str(RETRY_AFTER_S))
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return json_response(error.as_problem(job_id), status, media_type=PROBLEM_TYPE, headers=more)


def unexpected_error_response(job_id: str) -> Response:
    """Make the response for the unexpected exception that is being handled.

    Its traceback goes to the log; the caller sees nothing of it.
    """
    log(logging.ERROR, "unexpected error", exc_info=True)
    error = WorkerError(
        "The worker failed unexpectedly.", hint="Report the job_id to the operator; the log has the cause."
    )
    return problem_response(error, job_id)


def unavailable_response(report: Mapping[str, Any]) -> Response:
    """Make the response with the health report of a worker that takes no jobs."""
    return json_response(report, 503, headers={"Retry-After": str(RETRY_AFTER_S)})


async def on_worker_error(request: Request, error: WorkerError) -> Response:
    """Respond to a WorkerError."""
    record = request_record_of(request.scope)
    record.error = error
    return problem_response(error, record.job_id)


async def on_http_error(request: Request, error: HTTPException) -> Response:
    """Respond to an error of the framework: an unknown route or method."""
    record = request_record_of(request.scope)
    record.error = _translate(request, error)
    has_own_status = record.error.code in STATUS_BY_CODE
    return problem_response(
        record.error,
        record.job_id,
        status=None if has_own_status else error.status_code,
        headers=error.headers,
    )


async def on_validation_error(request: Request, _error: RequestValidationError) -> Response:
    """Respond to the framework's validation error, without the submitted values that its own response shows."""
    return await on_worker_error(request, InvalidJob("The request has an invalid value."))


def _translate(request: Request, error: HTTPException) -> WorkerError:
    if error.status_code == 404:
        return describe_unknown_route(request.url.path, request.app.routes)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return InvalidJob(
            f"This route does not support {request.method[:16]}.",
            code="method_not_allowed",
            hint=f"Use {allowed}.",
        )
    return InvalidJob("The request is invalid.", code="invalid_request")
