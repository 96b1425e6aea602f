"""Why a job got no result, as the problem that the caller sees."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.codes import CODES

Problem = dict[str, Any]
"""The body of `application/problem+json`: `error`, `code`, `fault`, `retryable` and more."""


class JobFailed(Exception):
    """The job ended without a result; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem["error"])
        self.problem = problem


def unreachable(reason: str) -> JobFailed:
    """Code `api_unreachable`: the HTTP door cannot be talked to, now; `reason` is a sentence."""
    return _failed(
        f"The HTTP door that runs the jobs cannot be reached: {reason}",
        code="api_unreachable",
        hint="Try again; when it stays so, the worker's log says why, and FFMPEG_API_BASE_URL is to be checked.",
    )


def timed_out(timeout_s: float) -> JobFailed:
    """Code `api_timeout`: no answer within `timeout_s` seconds; the job was stopped."""
    return _failed(
        f"The job took longer than {timeout_s:g} seconds and was stopped.",
        code="api_timeout",
        hint="Make the job smaller, or raise policy.executionTimeout (ms) of the job or FFMPEG_API_TIMEOUT "
        "(seconds) of the worker.",
    )


def bad_answer(reason: str, *, status: int | None = None) -> JobFailed:
    """Code `api_bad_answer`: what answered does not speak the HTTP door's protocol; `reason` is a sentence."""
    return _failed(
        f"The HTTP door gave an answer that makes no sense: {reason}",
        code="api_bad_answer",
        hint="FFMPEG_API_BASE_URL must be the address of this worker's HTTP door, ending in /api.",
        # A proxy's own page: what is behind it may be back soon.
        retryable=status in {502, 503, 504},
    )


def refused_key() -> JobFailed:
    """Code `api_unauthorized`: the HTTP door does not accept the worker's key, which no caller can mend."""
    return _failed(
        "The HTTP door does not accept the key of this worker.",
        code="api_unauthorized",
        hint="FFMPEG_WORKER_API_KEYS of the RunPod worker must begin with a key that the HTTP door accepts.",
    )


def interrupted() -> Problem:
    """Code `interrupted`: the worker was told to end and the job could not finish before it did."""
    return _failed(
        "The worker was told to end before the job could.", code="interrupted", hint="Send the job again."
    ).problem


def answer_refused(status: int) -> Problem:
    """Code `result_refused`: RunPod did not take the result of the job."""
    return _failed(
        f"RunPod refused the result of the job (HTTP {status}).",
        code="result_refused",
        hint="The job ran and its outputs are where they were to go; "
        "ask for less in one job if its result is large.",
    ).problem


def crashed() -> Problem:
    """Code `worker_error`: a fault of the worker itself; the log has the traceback, the caller has not."""
    return _failed(
        "The worker failed for a reason of its own.", code="worker_error", hint="The worker's log says why."
    ).problem


def _failed(sentence: str, *, code: str, hint: str, retryable: bool | None = None) -> JobFailed:
    declared = CODES[code]
    return JobFailed(
        {
            "error": sentence,
            "code": code,
            "fault": declared.fault.value,
            "retryable": declared.retryable if retryable is None else retryable,
            "hint": hint,
        }
    )
