"""Files that were sent together with a job: they become inputs of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.loose_values import is_blank

_AROUND = ("input", "data", "body")


def add_sent_files(value: Any, files: Mapping[str, str]) -> Any:
    """Return a job's decoded JSON in which the files are inputs; `files` has relative names by input name.

    Raises:
        InvalidJob: the job names an input like a file.
    """
    if not files or not isinstance(value, dict):
        return value
    path = _find_inputs(value)
    holder: dict[str, Any] = dict(value)
    inner, result = holder, holder
    for key in path:
        inner[key] = dict(inner[key])
        inner = inner[key]
    given = inner.get("inputs")
    if isinstance(given, list):
        given = {f"in_{index}": item for index, item in enumerate(given, start=1)}
    if not is_blank(given) and not isinstance(given, dict):
        return value  # the check of its type says what is wrong
    known: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    for name in files:
        if not is_blank(known.get(name)):
            raise InvalidJob(
                f'"inputs" names "{name}", and a file of that name was sent too.',
                code="invalid_value",
                hint="Keep one of them.",
                where={"field": f"inputs.{name}"},
            )
    inner["inputs"] = {**known, **files}
    return result


def _find_inputs(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that lead to the object with the field `inputs`; none of them if it is the job itself."""
    if is_blank(value.get("inputs")):
        for key in _AROUND:
            inner = value.get(key)
            if isinstance(inner, dict):
                path = _find_inputs(inner)
                if path or not is_blank(inner.get("inputs")):
                    return (key, *path)
    return ()
