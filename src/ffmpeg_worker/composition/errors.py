"""Errors of the fields of a composition, with JSON paths and hints."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ffmpeg_worker.composition.json_path import OriginalJson, value_at
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import describe_problem, list_choices

_PRIORITY = {"unknown_field": 0, "missing": 2, "too_short": 3}


def invalid_field(path: str, problem: str, *, code: str = "invalid_value", hint: str | None = None) -> InvalidJob:
    """Return the error of a field; `problem` continues its JSON path, which is empty for the whole composition."""
    shown = f'"{path[:128]}"' if path else "The composition"
    return InvalidJob(f"{shown} {problem}.", code=code, hint=hint, where={"field": path[:200]} if path else None)


def describe_validation_error(error: ValidationError, value: Any, written: OriginalJson) -> InvalidJob:
    """Return the most important error as a sentence without any submitted value.

    `value` is the JSON that the models validated, `written` the JSON that the caller sent.
    """
    # A misspelled key is often the cause of a missing one, and an invalid item that of a list that is too short.
    first = min(
        error.errors(include_input=False, include_url=False), key=lambda item: _PRIORITY.get(item["type"], 1)
    )
    field = written.path(first["loc"])
    if first["type"] == "missing":
        return invalid_field(field, "is required", code="missing_field")
    if first["type"] == "unknown_field":
        return invalid_field(field, "is not a known field", code="unknown_field", hint=first["ctx"]["hint"])
    return invalid_field(field, describe_problem(first), hint=_hint(first, value_at(value, first["loc"])))


def _hint(error: ErrorDetails, value: Any) -> str | None:
    context = error.get("ctx", {})
    if error["type"] == "literal_error" and isinstance(value, str):
        return did_you_mean(value, list_choices(error))
    if error["type"] in {"float_type", "int_type"} and isinstance(value, str):
        return "Write digits only, without a unit."
    if isinstance(value, list) and value and all(isinstance(item, dict) and "time" in item for item in value):
        return "This field has no keyframes. Those that have are marked in the documentation and in the schema."
    return context.get("hint") or None
