"""Errors as JSON: the body that callers see, and a record from which the same error can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker import errors
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import AllProcessesFailed, WorkerError
from ffmpeg_worker.job.result_parts import ResultModel


class Problem(ResultModel):
    """An error: the body of `application/problem+json`."""

    error: str = Field(
        description="One sentence a caller can act on.", examples=['There is no encoder "libx265x" in this build.']
    )
    code: str = Field(description="Stable name of the error.", examples=["encoder_unknown"])
    fault: str = Field(description="Who must act: caller, source, target or worker.", examples=["caller"])
    retryable: bool = Field(description="Whether the same request may work later.", examples=[False])
    where: Mapping[str, str | int] | None = Field(
        None, description="The place of the error.", examples=[{"command": 0, "argument": "-c:v"}]
    )
    hint: str | None = Field(None, description="What to change.", examples=['Did you mean "libx265"?'])
    stderr: str | None = Field(
        None, description="Last lines of FFmpeg's log.", examples=["Unknown encoder 'libx265x'"]
    )
    job_id: str | None = Field(None, description="Id of the job.", examples=["0b6f…"])
    results: tuple[Mapping[str, Any], ...] | None = Field(
        None,
        description="With `all_processes_failed`: the report of each process, as in a result of `multi_process`.",
        examples=[[]],
    )


_CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WorkerError)]
_BY_NAME = {kind.__name__: kind for kind in _CLASSES}
_BY_CODE = {kind.code: kind for kind in reversed(_CLASSES)}  # a class before those derived from it


def record_error(error: WorkerError) -> dict[str, Any]:
    """Describe an error in JSON: its problem, and beside it the name of its class under `type`."""
    return {**error.as_problem(), "type": type(error).__name__}


def error_from_problem(problem: Mapping[str, Any]) -> WorkerError:
    """Make the error that a problem describes, but for its `detail`, which goes to the log only.

    Where the problem has no known `type`, as in the body of an HTTP response, its code chooses the class; else the
    error is a `WorkerError`.
    """
    kind = _BY_NAME.get(problem.get("type", "")) or _BY_CODE.get(problem["code"], WorkerError)
    error = kind(
        problem["error"],
        hint=problem.get("hint"),
        where=problem.get("where"),
        stderr=problem.get("stderr"),
    )
    if isinstance(error, AllProcessesFailed):
        error.reports = tuple(problem.get("results") or ())
    error.code = problem["code"]
    error.fault = Fault(problem["fault"])
    error.retryable = problem["retryable"]
    return error
