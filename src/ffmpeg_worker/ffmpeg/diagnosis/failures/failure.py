"""One kind of failure, and the patterns in ffmpeg's log that identify it."""

from __future__ import annotations

import re
from dataclasses import dataclass

WHO = r"^(?:\[[^\]\n]*\] )*"
"""Start of a line, with any contexts."""

ENCODER = r"^\[(?P<encoder>[\w-]+)\] (?:\[[^\]\n]*\] )*"
"""Start of a line from an encoder."""

FILTER = r"^(?:\[[^\]\n]*\] )*?\[Parsed_(?P<filter>\w+?)_\d+\] (?:\[[^\]\n]*\] )*"
"""Start of a line from a filter of the command."""

FILTER_OPTIONS = ("-vf", "-af", "-filter_complex", "-lavfi", "-filter")


@dataclass(frozen=True, slots=True)
class Sign:
    """A pattern for the parsed log, and the sentence that explains it.

    `{group}` in the sentence is replaced by the named group of the pattern. The groups `filter`, `encoder`,
    `decoder`, `format`, `option`, `stream`, `file`, `input` and `output` become part of `where`.
    `argument`: a pattern that one argument of the command must match, too.
    """

    pattern: re.Pattern[str]
    message: str
    argument: re.Pattern[str] | None = None


def sign(pattern: str, message: str, *, argument: str | None = None) -> Sign:
    """Compile a sign; `^` and `$` match at line ends."""
    return Sign(re.compile(pattern, re.MULTILINE), message, re.compile(argument) if argument else None)


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of failure: its error code (see codes.py), what to do about it, and how it shows in the log.

    `near` is the kind of name that was unknown, for suggestions: "encoders", "filters", …
    `options` are the options it concerns if the log names none, without their stream suffixes.
    """

    code: str
    hint: str
    signs: tuple[Sign, ...]
    near: str | None = None
    options: tuple[str, ...] = ()
