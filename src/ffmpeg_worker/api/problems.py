"""Errors as responses: the one place that knows HTTP statuses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ffmpeg_worker.api.json_response import answer
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.unknown_route import unknown_route
from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.logs import log

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

STATUS_BY_CODE: Mapping[str, int] = MappingProxyType(
    {code.name: code.status for code in CODES.values() if code.status is not None}
)
"""Codes whose status does not follow from who must act."""

STATUS_BY_FAULT: Mapping[Fault, int] = MappingProxyType(
    {
        Fault.CALLER: 422,
        Fault.SOURCE: 422,
        Fault.TARGET: 502,
        Fault.WORKER: 500,
        Fault.OPERATOR: 500,
    }
)

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        400: "The body is not the JSON that is accepted.",
        401: "An API key is needed, and none that is known was sent.",
        403: "A file or address that this worker may not read or write.",
        404: "There is no such input, or no such route.",
        405: "The route has another method.",
        408: "The body did not arrive in time.",
        413: "The body is too large.",
        415: "The body is not declared as JSON.",
        422: "The job is wrong, or an input is not what it should be.",
        499: "The caller went away; nobody receives this, the log and the metrics have it.",
        500: "The worker failed.",
        501: "Right by the contract, but not in this version.",
        502: "The server of an input does not answer, or an output's destination cannot be written.",
        503: "The worker is full, starting or shutting down: send the job again.",
        504: "The job's own time was used up.",
    }
)


def status_of(error: WorkerError) -> int:
    """The HTTP status for an error."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    if error.fault is Fault.WORKER and error.retryable:
        return 503
    return STATUS_BY_FAULT[error.fault]


def problem(
    error: WorkerError, job_id: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The contract's `application/problem+json`."""
    status = status or status_of(error)
    more = dict(headers or {})
    if status == 503:
        more.setdefault("Retry-After", str(RETRY_AFTER_S))
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return answer(error.as_problem(job_id), status, media_type=MEDIA_TYPE, headers=more)


def unexpected(job_id: str) -> Response:
    """The answer to a failure nobody foresaw; call it where the exception is being handled.

    The traceback goes to the log, nothing of it to the caller.
    """
    log(logging.ERROR, "unexpected error", exc_info=True)
    return problem(
        WorkerError(
            "The worker failed in a way that it should not.",
            hint="Report it to the operator with the job_id: the log says more.",
        ),
        job_id,
    )


def unavailable(report: Mapping[str, Any]) -> Response:
    """A health report of a worker that takes no jobs."""
    return answer(report, 503, headers={"Retry-After": str(RETRY_AFTER_S)})


async def on_worker_error(request: Request, error: Exception) -> Response:
    """A job or request that cannot be served, for a known reason."""
    if not isinstance(error, WorkerError):
        raise error
    exchange = request_record_of(request.scope)
    exchange.error = error
    return problem(error, exchange.job_id)


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses: routes and methods that do not exist."""
    if not isinstance(error, HTTPException):
        raise error
    exchange = request_record_of(request.scope)
    exchange.error = _translate(request, error)
    known = exchange.error.code in STATUS_BY_CODE
    return problem(
        exchange.error,
        exchange.job_id,
        status=None if known else error.status_code,
        headers=error.headers,
    )


async def on_validation_error(request: Request, error: Exception) -> Response:
    """What the framework would answer with the submitted values in it."""
    if not isinstance(error, RequestValidationError):
        raise error
    return await on_worker_error(request, InvalidJob("The request has a value that is not accepted."))


def _translate(request: Request, error: HTTPException) -> WorkerError:
    if error.status_code == 404:
        return unknown_route(request.url.path, request.app.routes)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return InvalidJob(
            f"This route does not take {request.method[:16]}.",
            code="method_not_allowed",
            hint=f"Use {allowed}.",
        )
    return InvalidJob("The request is not accepted.", code="invalid_request")
