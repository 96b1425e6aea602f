"""Errors of the client: the API's own problems, jobs without a result, and no usable response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import WorkerError

Problem = Mapping[str, Any]
"""The body of `application/problem+json`: `error`, `code`, `fault`, `retryable` and more."""


class ApiError(WorkerError):
    """A request or a job failed; `problem` is the body of `application/problem+json` that says why.

    Attributes:
        message, code, hint, where, fault, retryable: see docs/http.md.
        stderr: last lines of FFmpeg's log, if it ran.
        job_id: the job that the problem is about, if it is about one.
        status: HTTP status of the response; None without a response of its own.
        retry_after_s: seconds after which the request may be repeated, where the server names them.
    """

    def __init__(self, problem: Problem, *, status: int | None = None, retry_after_s: float | None = None) -> None:
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
        self.job_id = _read_text(problem, "job_id")
        self.status = status
        self.retry_after_s = retry_after_s

    def as_problem(self, job_id: str | None = None) -> dict[str, Any]:
        """Return the problem as the API sent it, with all of its keys and what `at` has added to `where`."""
        known = {"where": self.where or None, "job_id": job_id}
        return {**self.problem, **{key: value for key, value in known.items() if value is not None}}


class JobFailed(ApiError):
    """The job ran and failed. `stderr` has the last lines of its log."""


class JobCancelled(ApiError):
    """The job was cancelled."""


class JobTimeout(ApiError, TimeoutError):
    """The job has not ended in time; it goes on (`wait_timed_out`), or it was stopped (`api_timeout`)."""


def make_job_error(problem: Problem, *, job_id: str | None = None, status: int | None = None) -> ApiError:
    """Make the error of a job without a result."""
    kind = JobCancelled if problem.get("code") == "cancelled" else JobFailed
    named = problem if job_id is None else {"job_id": job_id, **problem}
    return kind(named, status=status)


def wait_timed_out(job_id: str, timeout_s: float) -> JobTimeout:
    """Code `wait_timed_out`: the job has not ended within `timeout_s` seconds."""
    error = _api_error(
        f"The job has not ended within {timeout_s:g} seconds.",
        code="wait_timed_out",
        hint="The job goes on: wait for it again with a longer timeout_s, or cancel it.",
    )
    return JobTimeout({**error.problem, "job_id": job_id})


def output_not_found(message: str, hint: str) -> ApiError:
    """Code `output_not_found`: a result has no such output, or no place to fetch it from."""
    return _api_error(message, code="output_not_found", hint=hint)


def file_changed(name: str) -> ApiError:
    """Code `source_changed`: a local file changed while it was sent."""
    return _api_error(
        f"The file {name} changed while it was sent.",
        code="source_changed",
        hint="Send it when the program that writes it has ended.",
    )


def unsupported_on_runpod(what: str, hint: str) -> ApiError:
    """Code `unsupported_feature`: RunPod has no such call."""
    return _api_error(f"RunPod does not {what}.", code="unsupported_feature", hint=hint)


def unreachable(reason: str, *, server: str = "The API that runs the jobs") -> ApiError:
    """Code `api_unreachable`: no connection to the API, or it ended early; `reason` is a sentence."""
    return _api_error(
        f"{server} cannot be reached: {reason}",
        code="api_unreachable",
        hint="Try again. If it persists, see the worker's log and check FFMPEG_API_BASE_URL.",
    )


def timed_out(timeout_s: float) -> JobTimeout:
    """Code `api_timeout`: no response within `timeout_s` seconds; the job was stopped."""
    error = _api_error(
        f"The job took longer than {timeout_s:g} seconds and was stopped.",
        code="api_timeout",
        hint="Make the job smaller, or raise policy.executionTimeout (ms) of the job or FFMPEG_API_TIMEOUT "
        "(seconds) of the worker.",
    )
    return JobTimeout(error.problem)


def bad_response(reason: str, *, status: int | None = None) -> ApiError:
    """Code `api_bad_answer`: the response is not one of this API; `reason` is a sentence."""
    return _api_error(
        f"The API sent an unusable response: {reason}",
        code="api_bad_answer",
        hint="FFMPEG_API_BASE_URL must be the URL of this worker's HTTP API, ending in /api.",
        # These are usually a proxy's own page: the server behind it may be back soon.
        retryable=status in {502, 503, 504},
        status=status,
    )


def key_refused() -> ApiError:
    """Code `api_unauthorized`: the API refuses the worker's key, which is the operator's to fix."""
    return _api_error(
        "The API does not accept the API key of this worker.",
        code="api_unauthorized",
        hint="FFMPEG_WORKER_API_KEYS of the RunPod worker must begin with a key that the API accepts.",
    )


def runpod_refused(status: int, *, retryable: bool, retry_after_s: float | None = None) -> ApiError:
    """Code `runpod_refused`: RunPod answered a request with an error of its own."""
    message, hint = f"RunPod responded with HTTP {status}.", "See the endpoint in RunPod's console."
    if status == 401:
        message, hint = "RunPod does not accept the API key (HTTP 401).", "Give a key of the endpoint's account."
    if status == 404:
        message = "RunPod does not know the endpoint or the job (HTTP 404)."
        hint = "Check the endpoint's id. RunPod keeps the result of a job for 30 minutes."
    return _api_error(
        message,
        code="runpod_refused",
        hint=hint,
        retryable=retryable,
        status=status,
        retry_after_s=retry_after_s,
    )


def _api_error(
    message: str,
    *,
    code: str,
    hint: str,
    retryable: bool | None = None,
    status: int | None = None,
    retry_after_s: float | None = None,
) -> ApiError:
    declared = CODES[code]
    problem = {
        "error": message,
        "code": code,
        "fault": declared.fault.value,
        "retryable": declared.retryable if retryable is None else retryable,
        "hint": hint,
    }
    return ApiError(problem, status=status, retry_after_s=retry_after_s)


def _read_text(problem: Problem, key: str) -> str | None:
    value = problem.get(key)
    return value if isinstance(value, str) else None
