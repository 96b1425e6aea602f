"""Errors as JSON: the body that callers see, and a record from which the same error can be made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import WorkerError
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


def record_error(error: WorkerError) -> dict[str, Any]:
    """Describe an error in JSON: its problem, and beside it the name of its class under `type`."""
    return {**error.as_problem(), "type": type(error).__name__}


def error_from_problem(problem: Mapping[str, Any]) -> WorkerError:
    """Make the error that a problem describes.

    Args:
        problem: as from `record_error`. Where it has no known `type`, as in the body of an HTTP response, its code
            chooses the class, else it is a `WorkerError`.

    Returns:
        The same error but for `detail`, which goes to the log only.
    """
    classes = list(_subclasses(WorkerError))
    by_name = {kind.__name__: kind for kind in classes}
    by_code = {kind.code: kind for kind in reversed(classes)}  # a class before those derived from it
    kind = by_name.get(problem.get("type", "")) or by_code.get(problem["code"], WorkerError)
    error = kind(
        problem["error"],
        hint=problem.get("hint"),
        where=problem.get("where"),
        stderr=problem.get("stderr"),
    )
    error.code = problem["code"]
    error.fault = Fault(problem["fault"])
    error.retryable = problem["retryable"]
    return error


def _subclasses(kind: type[WorkerError]) -> Iterator[type[WorkerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _subclasses(child)
