"""One kind of failure, and the patterns in ffmpeg's log that identify it."""

from __future__ import annotations

from dataclasses import dataclass

WHO = r"^(?:\[[^\]\n]*+\] )*+"
"""Start of a line, with any contexts."""

ENCODER = r"^\[(?P<encoder>[\w-]++)\] (?:\[[^\]\n]*+\] )*+"
"""Start of a line from an encoder."""

FILTER = r"^(?>(?:\[[^\]\n]*+\] )*?\[Parsed_(?P<filter>\w+?)_\d++\] )(?:\[[^\]\n]*+\] )*+"
"""Start of a line from a filter of the command."""

FILTER_OPTIONS = ("-vf", "-af", "-filter_complex", "-lavfi", "-filter")


@dataclass(frozen=True, slots=True)
class Sign:
    """A sentence that explains a failure, and the patterns for the parsed log that it explains.

    `{group}` in the sentence is replaced by the named group of the pattern. The groups `filter`, `encoder`,
    `decoder`, `format`, `option`, `stream`, `file`, `input` and `output` become part of `where`.
    `argument`: a pattern that one argument of the command must match, too. `hint` replaces that of the failure.
    """

    message: str
    patterns: tuple[str, ...]
    argument: str | None = None
    hint: str | None = None


def sign(message: str, *patterns: str, argument: str | None = None, hint: str | None = None) -> Sign:
    """Declare a sign. In the log, `^` and `$` match at line ends; patterns are compiled when a run has failed."""
    return Sign(message, patterns, argument, hint)


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


def failure(code: str, hint: str, *signs: Sign, near: str | None = None, options: tuple[str, ...] = ()) -> Failure:
    """Declare a failure; the first sign that is in the log explains it."""
    return Failure(code, hint, signs, near, options)
