"""What a job must not let out: its credentials, and a way to take them out of any text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob, PreviewJob
from ffmpeg_worker.job.jobs import DownloadJob, Job
from ffmpeg_worker.job.sources import FileSource, TextSource, find_signed_parts
from ffmpeg_worker.logs import REDACTED

_MIN_LENGTH = 6
"""Shorter values are words like any other: taking them out would spoil the text and hide nothing."""

Redact = Callable[[str], str]


def find_secrets(job: Job) -> Iterator[str]:
    """Every secret value that a job carries, in no order, some more than once."""
    if job.destination is not None:
        yield from job.destination.secret_values()
    for source in _sources(job):
        if isinstance(source, FileSource):
            yield from source.secret_values()
    if isinstance(job, (CanvasJob, PreviewJob)):
        for composition in job.data.compositions:
            for file in find_named_files(composition):
                yield from find_signed_parts(file.src)


def _sources(job: Job) -> Iterator[FileSource | TextSource]:
    yield from job.inputs.values()
    if isinstance(job, DownloadJob):
        yield job.data.input


def make_redaction(secrets: Iterable[str]) -> Redact:
    """A function that takes all of `secrets` out of a text."""
    # Longest first: one secret may begin with another.
    values = sorted({value for value in secrets if len(value) >= _MIN_LENGTH}, key=len, reverse=True)
    if not values:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(value) for value in values))
    return lambda text: pattern.sub(REDACTED, text)


def redact_error(error: WorkerError, redact: Redact) -> WorkerError:
    """Take the secrets out of all that an error says, in public and to the log."""
    error.detail = redact(error.detail) if error.detail else None
    return error.reword(redact)
