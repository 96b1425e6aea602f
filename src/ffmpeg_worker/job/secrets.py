"""Finds the secrets of a job and removes them from texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.logs import REDACTED

_MIN_LENGTH = 6
"""Shorter values are also ordinary words: removing them would spoil the text and hide nothing."""

_PART_CHARS = 12
_MIN_BEGINNING = 4
_QUOTED = re.compile(rf"(?<=[\"'])[^\"'\n]{{1,{_MIN_LENGTH - 1}}}(?=[\"'])")
_MAX_DENSE_CHARS = 1 << 16
"""Secrets beyond these are kept in fewer parts, of which a cut one leaves a few characters at its end."""

Redact = Callable[[str], str]


def find_secrets(job: Job) -> Iterator[str]:
    """Yield every secret value of a job, in no order, some more than once."""
    if job.destination is not None:
        yield from job.destination.secret_values()
    for source in job.inputs.values():
        yield from source.secret_values()
    yield from job.data.secret_values()
    if job.callback_auth_header is not None:
        yield job.callback_auth_header.get_secret_value()


def make_job_redaction(secrets: Iterable[str], command_secrets: Iterable[str]) -> Redact:
    """Make a function that replaces `secrets`, and `command_secrets` and parts of them, in a text."""
    remove_whole, remove_parts = make_redaction(secrets), _PartRedaction(command_secrets)
    return lambda text: remove_parts(remove_whole(text))


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


class _PartRedaction:
    """Removes secrets of commands, and parts of them: logs and messages cut long values.

    Secrets that are also ordinary words are removed where they are quoted. A command may hold thousands: the time
    is proportional to the length of the text, and to that of the secrets.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._parts: dict[int, set[str]] = {}
        self._words: set[str] = set()
        self._beginnings: set[str] = set()
        count = 0
        for secret in dict.fromkeys(secrets):
            if len(secret) < _MIN_LENGTH:
                self._words.add(secret)
            size = min(len(secret), _PART_CHARS)
            if size >= _MIN_LENGTH:
                count += len(secret)
                self._beginnings.update(secret[:length] for length in range(_MIN_BEGINNING, size))
                starts = (
                    *range(0, len(secret) - size, 1 if count < _MAX_DENSE_CHARS else size // 2),
                    len(secret) - size,
                )
                self._parts.setdefault(size, set()).update(secret[start : start + size] for start in starts)

    def __call__(self, text: str) -> str:
        if self._words:
            text = _QUOTED.sub(lambda match: REDACTED if match[0] in self._words else match[0], text)
        text = self._remove_beginning(text)
        ends: dict[int, int] = {}
        for size, parts in self._parts.items():
            for start in range(len(text) - size + 1):
                if text[start : start + size] in parts:
                    ends[start] = max(start + size, ends.get(start, 0))
        kept: list[str] = []
        position = 0
        for start in sorted(ends):
            if start > position or not kept:
                kept += [text[position:start], REDACTED]
            position = max(position, ends[start])
        return "".join([*kept, text[position:]])

    def _remove_beginning(self, text: str) -> str:
        """Remove the beginning of a secret at the end of a text that was cut within the secret."""
        whole = text.removesuffix("…")
        for length in range(min(_PART_CHARS - 1, len(whole)), _MIN_BEGINNING - 1, -1):
            if whole[-length:] in self._beginnings:
                return whole[:-length] + REDACTED
        return text


def redact_error(error: WorkerError, redact: Redact) -> WorkerError:
    """Remove the secrets from everything that an error says, in public and to the log."""
    error.detail = redact(error.detail) if error.detail else None
    return error.reword(redact)
