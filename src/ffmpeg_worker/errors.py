"""Every error that may reach a caller, and who must act on it.

The class says what kind of thing failed, the code why. Codes, with their faults and whether they are retryable,
are declared in codes.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from ffmpeg_worker.codes import CODES, Fault

Where = Mapping[str, str | int]
"""Place of an error: `field` (JSON path), `input`, `argument`, `output`, `line` (of a list, from 1), and counted
from 0 `process`, `command`, `row` (of variables)."""


def _make_printable(text: str) -> str:
    """Put text on one line, without characters that would move the cursor of a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


class WorkerError(Exception):
    """An error with a sentence that a caller can act on.

    `message`, `hint`, `where` and `stderr` are public; `detail` goes to the log only.
    """

    code: str = "worker_error"
    fault: Fault = Fault.WORKER
    retryable: bool = False
    fault_follows_code: ClassVar[bool] = False
    """Whether fault and retryability are those of the code of an error, and not those of the code of its class."""

    def __init_subclass__(cls) -> None:
        """Take fault and retryable from the declaration of the class's code."""
        declared = CODES[cls.code]
        cls.fault, cls.retryable = declared.fault, declared.retryable

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fault: Fault | None = None,
        hint: str | None = None,
        where: Where | None = None,
        stderr: str | None = None,
        detail: str | None = None,
    ) -> None:
        # Both may quote what callers and media files wrote.
        self.message = _make_printable(message)
        super().__init__(self.message)
        self.code = code or type(self).code
        if self.fault_follows_code:
            declared = CODES[self.code]
            self.fault, self.retryable = declared.fault, declared.retryable
        if fault is not None:
            self.fault = fault
        self.hint = None if hint is None else _make_printable(hint)
        self.where: dict[str, str | int] = dict(where or {})
        self.stderr = stderr
        self.detail = detail

    def at(self, **where: str | int | None) -> Self:
        """Add what is known to `where`; keys that are set already keep their values."""
        self.where = {**{key: value for key, value in where.items() if value is not None}, **self.where}
        return self

    def copy(self) -> Self:
        """Return a copy whose `where` can be changed independently."""
        twin = copy.copy(self)
        twin.where = dict(self.where)
        return twin

    def reword(self, change: Callable[[str], str]) -> Self:
        """Apply `change` to every text that callers see."""
        self.message = change(self.message)
        self.args = (self.message,)
        self.hint = change(self.hint) if self.hint else None
        self.stderr = change(self.stderr) if self.stderr else None
        self.where = {key: change(value) if isinstance(value, str) else value for key, value in self.where.items()}
        return self

    def as_problem(self, job_id: str | None = None) -> dict[str, Any]:
        """Return the body of `application/problem+json` for this error."""
        problem: dict[str, Any] = {
            "error": self.message,
            "code": self.code,
            "fault": self.fault.value,
            "retryable": self.retryable,
            "where": self.where or None,
            "hint": self.hint,
            "stderr": self.stderr,
            "job_id": job_id,
        }
        return {key: value for key, value in problem.items() if value is not None}


class InvalidJob(WorkerError):
    """The request is wrong and will stay wrong: nothing was started."""

    code = "invalid_job"


class UnsupportedFeature(InvalidJob):
    """The contract has this field or value, but this version or worker does not serve it."""

    code = "unsupported_feature"


class AddressNotAllowed(InvalidJob):
    """The worker does not call this address, because of its scheme, port, host or the IP address of the host."""

    code = "address_not_allowed"


class ForbiddenOption(InvalidJob):
    """The command has an option, filter, format or name that it may not use."""

    code = "forbidden_option"


class SourceError(WorkerError):
    """An input cannot be used."""

    code = "source_error"


class SourceNotFound(SourceError):
    """There is no such input."""

    code = "source_not_found"


class SourceForbidden(SourceError):
    """This job may not read the input, or the input is not a regular file."""

    code = "source_forbidden"


class SourceTooLarge(SourceError):
    """The input is larger than this worker accepts."""

    code = "source_too_large"


class SourceUnreachable(SourceError):
    """The server of the input cannot be reached, does not answer, or breaks off."""

    code = "source_unreachable"


class SourceUnreadable(SourceError):
    """The input exists but is not what it should be."""

    code = "source_unreadable"


class EngineError(WorkerError):
    """A run of ffmpeg failed."""

    code = "engine_error"


class EngineFailed(EngineError):
    """ffmpeg ended with a failure; `code` names the reason that `diagnose` found."""

    code = "engine_failed"
    fault_follows_code = True


class NothingSelected(EngineFailed):
    """No frame or packet reached an output; until its name is known, `where.output` is its number."""

    code = "nothing_selected"


class EngineTimedOut(EngineError):
    """The time of the job was used up and ffmpeg was stopped."""

    code = "timed_out"


class EngineKilled(EngineError):
    """ffmpeg was killed from outside (out of memory, an operator)."""

    code = "engine_killed"


class EngineUnavailable(EngineError):
    """ffmpeg or the probe cannot be started."""

    code = "engine_unavailable"


class OutputRejected(EngineError):
    """ffmpeg ended with exit code 0, but an output is missing, unreadable or too short."""

    code = "output_rejected"
    fault_follows_code = True


class JobTooLarge(EngineError):
    """The job wrote more bytes or files than a job may, and ffmpeg was stopped."""

    code = "job_too_large"


class AllProcessesFailed(EngineError):
    """Every process of a job failed; `reports` has the report of each, as JSON."""

    code = "all_processes_failed"
    reports: tuple[Mapping[str, Any], ...] = ()

    def as_problem(self, job_id: str | None = None) -> dict[str, Any]:
        """See `WorkerError.as_problem`; the reports stand in `results`."""
        problem = super().as_problem(job_id)
        return {**problem, "results": list(self.reports)} if self.reports else problem


class TargetError(WorkerError):
    """An output cannot be put where the caller wants it."""

    code = "target_error"


class TargetForbidden(TargetError):
    """The destination may not be written by this job."""

    code = "target_forbidden"


class TargetUnavailable(TargetError):
    """The destination cannot be written now."""

    code = "target_unavailable"


class JobCancelled(WorkerError):
    """The caller cancelled or went away."""

    code = "cancelled"


class JobInterrupted(WorkerError):
    """The worker is shutting down; the job was given back and may be sent again."""

    code = "interrupted"


class JobReplaced(JobInterrupted):
    """Another attempt runs the job, so that this one must not write anything more."""

    code = "job_replaced"


class JobNotFound(WorkerError):
    """There is no such job, or it belongs to another API key."""

    code = "job_not_found"


class DeliveryNotFound(WorkerError):
    """The job has no such webhook delivery."""

    code = "delivery_not_found"


class JobNotFinal(WorkerError):
    """The request needs a job that has ended."""

    code = "job_not_final"


class JobPoisoned(WorkerError):
    """The job has ended its worker too often."""

    code = "job_poisoned"


class JobExpired(WorkerError):
    """The job was not started in time."""

    code = "job_expired"


class JobOutputError(WorkerError):
    """An output of a queued job cannot be served; `code` says why."""

    code = "output_not_found"
    fault_follows_code = True


class FileError(WorkerError):
    """A file of a caller cannot be found, sent, replaced or removed; the code says why."""

    code = "file_not_found"
    fault_follows_code = True


class IdempotencyConflict(WorkerError):
    """Another job has the same idempotency key."""

    code = "idempotency_conflict"


class QueueUnavailable(WorkerError):
    """The database of queued jobs does not answer."""

    code = "queue_unavailable"


class DiskFull(WorkerError):
    """The worker's disk has no room for the files of a job."""

    code = "disk_full"


class QueueFull(WorkerError):
    """The worker has too many waiting jobs."""

    code = "queue_full"


class KeyLimitReached(WorkerError):
    """The API key of the job has as much of the worker as one key may have; `code` says of what."""

    code = "key_queue_full"


class QueueLimitReached(WorkerError):
    """Too many jobs wait in the queue, of all keys or of this one."""

    code = "queue_limit"


class Misconfigured(WorkerError):
    """Settings or environment are wrong; raised at start, before any job."""

    code = "misconfigured"
    exit_code: ClassVar[int] = 78
