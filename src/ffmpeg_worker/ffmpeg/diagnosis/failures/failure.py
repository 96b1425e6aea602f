"""What one kind of failure is, and the signs in ffmpeg's log by which it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass

WHO = r"^(?:\[[^\]\n]*\] )*"
"""Start of a line, whoever said it."""

ENCODER = r"^\[(?P<encoder>[\w-]+)\] (?:\[[^\]\n]*\] )*"
"""Start of a line said by an encoder."""

FILTER = r"^(?:\[[^\]\n]*\] )*?\[Parsed_(?P<filter>\w+?)_\d+\] (?:\[[^\]\n]*\] )*"
"""Start of a line said by a filter of the command."""

FILTER_OPTIONS = ("-vf", "-af", "-filter_complex", "-lavfi", "-filter")


@dataclass(frozen=True, slots=True)
class Sign:
    """A pattern over the cleaned log and the sentence it stands for.

    `{group}` in the sentence is filled from the pattern's named groups. The groups `filter`, `encoder`,
    `decoder`, `format`, `option`, `stream`, `file`, `input` and `output` become part of `where`.
    `argument`: fire only when one of the command's arguments matches this too.
    """

    pattern: re.Pattern[str]
    message: str
    argument: re.Pattern[str] | None = None


def sign(pattern: str, message: str, *, argument: str | None = None) -> Sign:
    """A sign from the text of its patterns; `^` and `$` are a line's ends."""
    return Sign(re.compile(pattern, re.MULTILINE), message, re.compile(argument) if argument else None)


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of failure: its error code (see codes.py), what to do about it, and how it shows in the log.

    `near` is the kind of name that was unknown, for nearest-name hints: "encoders", "filters", …
    `options` are the options it is about when the log names none; a stream suffix may follow them.
    """

    code: str
    hint: str
    signs: tuple[Sign, ...]
    near: str | None = None
    options: tuple[str, ...] = ()
