"""Failures of the RunPod worker itself, as the problems that callers see."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.errors import JobInterrupted, WorkerError

Problem = dict[str, Any]
"""The body of `application/problem+json`: `error`, `code`, `fault`, `retryable` and more."""


def interrupted() -> Problem:
    """Code `interrupted`: the worker had to end before the job could finish."""
    return JobInterrupted(
        "The worker had to end before the job could finish.", hint="Send the job again."
    ).as_problem()


def result_refused(status: int) -> Problem:
    """Code `result_refused`: RunPod refused the result of the job with this HTTP status."""
    return WorkerError(
        f"RunPod refused the result of the job (HTTP {status}).",
        code="result_refused",
        hint="The job ran and its outputs were delivered. If its result is large, ask for less in one job.",
    ).as_problem()


def crashed() -> Problem:
    """Code `worker_error`: a defect of the worker; the traceback is in the log only."""
    return WorkerError("The worker failed unexpectedly.", hint="See the worker's log for the cause.").as_problem()
