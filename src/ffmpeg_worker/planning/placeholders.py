"""Finds and replaces the placeholders `{{in_1}}` and `<<in_1>>` in commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import find_nearest

_MAX_SHOWN = 64
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_][\w.-]*)\s*\}\}|<<\s*([A-Za-z0-9_][\w.-]*)\s*>>")


def names_in(text: str) -> list[str]:
    """Names of the placeholders in a token, in order."""
    return [first or second for first, second in _PLACEHOLDER.findall(text)]


def sole_name(text: str) -> str | None:
    """The name in a token that is exactly one placeholder, else `None`."""
    match = _PLACEHOLDER.fullmatch(text)
    return (match.group(1) or match.group(2)) if match else None


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """Replace every placeholder by the value of its name; all are known after `check_names`."""
    return _PLACEHOLDER.sub(lambda match: value_of(match.group(1) or match.group(2)), text)


def check_names(text: str, known: Collection[str]) -> None:
    """Refuse a placeholder that names no input.

    Raises:
        InvalidJob: with the nearest name of an input.
    """
    for name in names_in(text):
        if name not in known:
            nearest = find_nearest(name, known, cutoff=0.4)
            shown = name[:_MAX_SHOWN]
            raise InvalidJob(
                f'The command uses "{{{{{shown}}}}}", but the job has no input of that name.',
                code="unknown_input",
                hint=f'Did you mean "{{{{{nearest}}}}}"?' if nearest else f'Add "{shown}" to "inputs".',
                where={"input": shown},
            )
