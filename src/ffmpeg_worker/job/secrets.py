"""Finds the secrets of a job and removes them from texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.logs import REDACTED

_MIN_LENGTH = 6
"""Shorter values are also ordinary words: removing them would spoil the text and hide nothing."""

Redact = Callable[[str], str]


def find_secrets(job: Job) -> Iterator[str]:
    """Yield every secret value of a job, in no order, some more than once."""
    if job.destination is not None:
        yield from job.destination.secret_values()
    for source in job.inputs.values():
        yield from source.secret_values()
    yield from job.data.secret_values()


def make_redaction(secrets: Iterable[str]) -> Redact:
    """Make a function that replaces all of `secrets` in a text."""
    # Longest first: one secret may begin with another.
    values = sorted({value for value in secrets if len(value) >= _MIN_LENGTH}, key=len, reverse=True)

    def redact(text: str) -> str:
        # Not a regular expression: that of a long value takes seconds to compile.
        for value in values:
            text = text.replace(value, REDACTED)
        return text

    return redact


def redact_error(error: WorkerError, redact: Redact) -> WorkerError:
    """Remove the secrets from everything that an error says, in public and to the log."""
    error.detail = redact(error.detail) if error.detail else None
    return error.reword(redact)
