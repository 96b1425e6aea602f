"""Errors of the client: the API's own problems, and reasons why there is no usable response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import WorkerError

Problem = Mapping[str, Any]
"""The body of `application/problem+json`: `error`, `code`, `fault`, `retryable` and more."""


class ApiError(WorkerError):
    """The job has no result; `problem` is the body of `application/problem+json` that says why."""

    def __init__(self, problem: Problem) -> None:
        where = problem.get("where")
        super().__init__(
            problem["error"],
            code=_read_text(problem, "code"),
            hint=_read_text(problem, "hint"),
            where=where if isinstance(where, Mapping) else None,
            stderr=_read_text(problem, "stderr"),
        )
        self.problem = dict(problem)
        fault = _read_text(problem, "fault")
        self.fault = Fault(fault) if fault in set(Fault) else Fault.WORKER
        self.retryable = problem.get("retryable") is True

    def as_problem(self, job_id: str | None = None) -> dict[str, Any]:
        """Return the problem as the API sent it, with all of its keys and what `at` has added to `where`."""
        known = {"where": self.where or None, "job_id": job_id}
        return {**self.problem, **{key: value for key, value in known.items() if value is not None}}


class NotConnected(Exception):
    """There was no connection: nothing was sent, so the request can be repeated."""


def unreachable(reason: str) -> ApiError:
    """Code `api_unreachable`: no connection to the API, or it ended early; `reason` is a sentence."""
    return _api_error(
        f"The API that runs the jobs cannot be reached: {reason}",
        code="api_unreachable",
        hint="Try again. If it persists, see the worker's log and check FFMPEG_API_BASE_URL.",
    )


def timed_out(timeout_s: float) -> ApiError:
    """Code `api_timeout`: no response within `timeout_s` seconds; the job was stopped."""
    return _api_error(
        f"The job took longer than {timeout_s:g} seconds and was stopped.",
        code="api_timeout",
        hint="Make the job smaller, or raise policy.executionTimeout (ms) of the job or FFMPEG_API_TIMEOUT "
        "(seconds) of the worker.",
    )


def bad_response(reason: str, *, status: int | None = None) -> ApiError:
    """Code `api_bad_answer`: the response is not one of this API; `reason` is a sentence."""
    return _api_error(
        f"The API sent an unusable response: {reason}",
        code="api_bad_answer",
        hint="FFMPEG_API_BASE_URL must be the URL of this worker's HTTP API, ending in /api.",
        # These are usually a proxy's own page: the server behind it may be back soon.
        retryable=status in {502, 503, 504},
    )


def key_refused() -> ApiError:
    """Code `api_unauthorized`: the API refuses the worker's key, which is the operator's to fix."""
    return _api_error(
        "The API does not accept the API key of this worker.",
        code="api_unauthorized",
        hint="FFMPEG_WORKER_API_KEYS of the RunPod worker must begin with a key that the API accepts.",
    )


def _api_error(message: str, *, code: str, hint: str, retryable: bool | None = None) -> ApiError:
    declared = CODES[code]
    return ApiError(
        {
            "error": message,
            "code": code,
            "fault": declared.fault.value,
            "retryable": declared.retryable if retryable is None else retryable,
            "hint": hint,
        }
    )


def _read_text(problem: Problem, key: str) -> str | None:
    value = problem.get(key)
    return value if isinstance(value, str) else None
