"""Reads the query parameters that lists of jobs and lists of files share."""

from __future__ import annotations

from ffmpeg_worker.errors import InvalidJob

_MAX_SHOWN = 64
_MAX_DIGITS = 6


def shorten_name(key: str) -> str:
    """Return the name of a parameter for a message."""
    return key[:_MAX_SHOWN]


def refuse_parameter(key: str, what: str, hint: str) -> InvalidJob:
    """Return the error about a parameter; `what` completes the sentence that begins with its name."""
    shown = shorten_name(key)
    return InvalidJob(f'"{shown}" {what}.', code="invalid_value", hint=hint, where={"field": shown})


def read_limit(text: str, max_items: int, items: str) -> int:
    """Read the number of items on a page; `items` names them in the plural.

    Raises:
        InvalidJob: it is no number from 1 to `max_items`.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:_MAX_DIGITS]) <= max_items):
        raise refuse_parameter("limit", f"is not a number of {items}", f"Give 1 to {max_items}.")
    return int(text)
