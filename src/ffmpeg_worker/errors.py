"""Every error that may reach a caller, and who must act on it.

WorkerError            code · fault · retryable · message · hint · where · stderr · detail (log only)
├── InvalidJob             caller    the request itself is wrong
│   ├── UnsupportedFeature     caller    right by the contract, not in this build
│   ├── AddressNotAllowed      caller    an address that this worker does not call
│   └── ForbiddenOption        caller    an argument of a command that is not let in
├── SourceError            source    an input
│   ├── SourceNotFound         source    no such file
│   ├── SourceForbidden        caller    outside the allowed roots, or not a regular file
│   ├── SourceTooLarge         source    larger than an input may be
│   ├── SourceUnreachable      source    its server does not answer, or breaks off; may be tried again
│   └── SourceUnreadable       source    there, but empty, no media, or of another checksum
├── EngineError            worker    running ffmpeg
│   ├── EngineFailed           by reason    ffmpeg ended with a failure; `code` says which
│   ├── EngineTimedOut         caller    the job's time was used up
│   ├── EngineKilled           worker    the process was killed from outside; may be tried again
│   ├── EngineUnavailable      worker    the ffmpeg or probe program cannot be started
│   ├── OutputRejected         by reason    ffmpeg ended well, but what it made is not what was asked
│   └── JobTooLarge            caller    the job wrote more than a job may
├── TargetError            target    an output's destination
│   ├── TargetForbidden        target    may not be written
│   └── TargetUnavailable      target    cannot be written now; may be tried again
├── JobStopped             caller
│   ├── JobCancelled           caller    the caller went away or cancelled
│   └── JobInterrupted         worker    the worker is shutting down; the job was given back
├── DiskFull               worker    no room for the files of a job; may be tried again
├── QueueFull              worker    too many jobs wait; may be tried again
└── Misconfigured          operator  at start only: settings or environment
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self


class Fault(StrEnum):
    """Who must act."""

    CALLER = "caller"
    SOURCE = "source"
    TARGET = "target"
    WORKER = "worker"
    OPERATOR = "operator"


Where = Mapping[str, str | int]
"""Place: `field` (JSON path), `input`, `argument`, `output`; from 0 `process`, `command`, `row` (of variables)."""


def _printable(text: str) -> str:
    """On one line, without what would move a terminal's cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


class WorkerError(Exception):
    """An error with a sentence that a caller can act on.

    `message`, `hint`, `where` and `stderr` are public; `detail` goes to the log only.
    """

    code: str = "worker_error"
    fault: Fault = Fault.WORKER
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        where: Where | None = None,
        stderr: str | None = None,
        detail: str | None = None,
    ) -> None:
        # Both may quote what callers and media files wrote.
        self.message = _printable(message)
        super().__init__(self.message)
        self.code = code or type(self).code
        self.hint = None if hint is None else _printable(hint)
        self.where: dict[str, str | int] = dict(where or {})
        self.stderr = stderr
        self.detail = detail

    def at(self, **where: str | int) -> WorkerError:
        """Add to the place of the fault; what is known already stays."""
        self.where = {**where, **self.where}
        return self

    def copy(self) -> Self:
        """The same error again, to be placed elsewhere."""
        twin = copy.copy(self)
        twin.where = dict(self.where)
        return twin

    def reword(self, change: Callable[[str], str]) -> Self:
        """Pass all that callers see through `change`."""
        self.message = change(self.message)
        self.hint = change(self.hint) if self.hint else None
        self.stderr = change(self.stderr) if self.stderr else None
        self.where = {key: change(value) if isinstance(value, str) else value for key, value in self.where.items()}
        return self

    def as_problem(self, job_id: str | None = None) -> dict[str, Any]:
        """The error as callers see it (contract: the body of `application/problem+json`)."""
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
    fault = Fault.CALLER


class UnsupportedFeature(InvalidJob):
    """The contract knows this field or value, but this build does not serve it."""

    code = "unsupported_feature"


class AddressNotAllowed(InvalidJob):
    """The worker does not call this address: its scheme, port or host, or where the host's name leads."""

    code = "address_not_allowed"


class ForbiddenOption(InvalidJob):
    """The command holds an option, filter, format or name that it may not use."""

    code = "forbidden_option"


class SourceError(WorkerError):
    """An input cannot be used."""

    code = "source_error"
    fault = Fault.SOURCE


class SourceNotFound(SourceError):
    """There is no such input."""

    code = "source_not_found"


class SourceForbidden(SourceError):
    """The input lies where this job may not read, or is not a regular file."""

    code = "source_forbidden"
    fault = Fault.CALLER


class SourceTooLarge(SourceError):
    """The input is larger than this worker takes."""

    code = "source_too_large"


class SourceUnreachable(SourceError):
    """The input's server cannot be reached, does not answer, or breaks off."""

    code = "source_unreachable"
    retryable = True


class SourceUnreadable(SourceError):
    """The input is there but is not what it should be."""

    code = "source_unreadable"


class EngineError(WorkerError):
    """Running ffmpeg went wrong."""

    code = "engine_error"


class _DiagnosedError(EngineError):
    """An engine error whose fault and retryability depend on the reason."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fault: Fault | None = None,
        retryable: bool | None = None,
        hint: str | None = None,
        where: Where | None = None,
        stderr: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, where=where, stderr=stderr, detail=detail)
        if fault is not None:
            self.fault = fault
        if retryable is not None:
            self.retryable = retryable


class EngineFailed(_DiagnosedError):
    """ffmpeg ended with a failure; `code` names the reason that `diagnose` found."""

    code = "engine_failed"


class EngineTimedOut(EngineError):
    """The time for the job was used up and ffmpeg was stopped."""

    code = "timed_out"
    fault = Fault.CALLER


class EngineKilled(EngineError):
    """ffmpeg was killed from outside (out of memory, an operator)."""

    code = "engine_killed"
    retryable = True


class EngineUnavailable(EngineError):
    """The ffmpeg or probe program cannot be started."""

    code = "engine_unavailable"


class OutputRejected(_DiagnosedError):
    """ffmpeg ended with exit code 0, but an output is missing, unreadable or too short."""

    code = "output_rejected"


class JobTooLarge(EngineError):
    """The job wrote more bytes or files than a job may, and ffmpeg was stopped."""

    code = "job_too_large"
    fault = Fault.CALLER


class TargetError(WorkerError):
    """An output cannot be put where the caller wants it."""

    code = "target_error"
    fault = Fault.TARGET


class TargetForbidden(TargetError):
    """The destination may not be written by this job."""

    code = "target_forbidden"


class TargetUnavailable(TargetError):
    """The destination cannot be written now."""

    code = "target_unavailable"
    retryable = True


class JobStopped(WorkerError):
    """The job ended because somebody wanted it to."""

    code = "job_stopped"
    fault = Fault.CALLER


class JobCancelled(JobStopped):
    """The caller cancelled or went away."""

    code = "cancelled"


class JobInterrupted(JobStopped):
    """The worker is shutting down; the job was given back and may be sent again."""

    code = "interrupted"
    fault = Fault.WORKER
    retryable = True


class DiskFull(WorkerError):
    """The worker's disk has no room for the files of a job."""

    code = "disk_full"
    retryable = True


class QueueFull(WorkerError):
    """More jobs wait than the worker may hold."""

    code = "queue_full"
    retryable = True


class Misconfigured(WorkerError):
    """Settings or environment are wrong; raised at start, before any job."""

    code = "misconfigured"
    fault = Fault.OPERATOR
    exit_code: ClassVar[int] = 78
