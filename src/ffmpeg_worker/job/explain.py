"""Turns validation errors of jobs into errors that say what to change, without any submitted value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import describe_problem

_OWN_CODES = frozenset(
    {
        "content_too_large",
        "invalid_name",
        "invalid_value",
        "path_outside_root",
        "invalid_upload",
        "unknown_cloud_type",
    }
)


def explain(error: ValidationError, action: Action, data_key: str, data: Mapping[str, Any]) -> InvalidJob:
    """Turn the most telling error of a validation into an error for the caller.

    `error` is from the model of the action's job, or of its query. `data_key` is the key of the action's data in
    the request, empty where the data is the body; `data` has the common fields that stand in it, too.
    """
    # An unknown key is mostly a misspelt one, and explains a missing key better than that itself.
    errors = error.errors(include_input=False, include_url=False)
    first = min(errors, key=lambda item: item["type"] != "extra_forbidden")
    field = json_path(first["loc"], data_key, data) or "body"
    if first["type"] == "extra_forbidden":
        return unknown_field(str(first["loc"][-1]), _known_keys(action, first["loc"]), field)
    if first["type"] == "missing":
        return missing_field(field)
    return _invalid_value(first, field)


def missing_field(field: str) -> InvalidJob:
    """The error of a required field that is missing."""
    return InvalidJob(f'"{field}" is required.', code="missing_field", where={"field": field})


def unknown_field(key: str, known: Iterable[str], field: str) -> InvalidJob:
    """The error of a key that no model knows; `field` is its JSON path, `known` the keys that may stand there."""
    names = list(known)
    hint = did_you_mean(key, names) or f"Known here are {quote_list(names)}."
    parent = field.rpartition(".")[0]
    if ".credentials." in field:  # the key itself may be a credential
        message, field = f'"{parent[:128]}" has a field that is not known.', parent
    else:
        message = f'"{field[:128]}" is not a known field.'
    return InvalidJob(message, code="unknown_field", hint=hint, where={"field": field[:200]})


def json_path(location: Iterable[int | str], data_key: str, data: Mapping[str, Any]) -> str:
    """Path of a job's field in the caller's JSON; see `explain` for `data_key` and `data`."""
    parts = list(location)
    if parts and parts[0] == "data":
        parts = [data_key, *parts[1:]] if data_key else parts[1:]
    elif parts and data_key and parts[0] in COMMON_FIELDS and parts[0] in data:
        parts = [data_key, *parts]
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path[:200]


def quote_list(names: Iterable[str]) -> str:
    """Join names with commas, each in quotation marks."""
    return ", ".join(f'"{name}"' for name in names)


def _invalid_value(error: ErrorDetails, field: str) -> InvalidJob:
    context = error.get("ctx", {})
    hint = context.get("hint")
    if error["type"] in _OWN_CODES:
        field = context.get("field", field)  # of an error that is about several fields
        return InvalidJob(error["msg"], code=error["type"], hint=hint, where={"field": field})
    return InvalidJob(
        f'"{field}" {describe_problem(error)}.',
        code="invalid_value",
        where={"field": field},
        hint=hint or "docs/jobs.md shows every field with an example.",
    )


def _known_keys(action: Action, location: tuple[int | str, ...]) -> list[str]:
    """List the keys that may stand where an unknown one was found."""
    models: list[type[BaseModel]] = [action.job]
    for part in location[:-1]:  # indices and names of inputs are in no model
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        models = [model for field in fields for model in _models_in(field.annotation)] or models
    keys = [key for model in models for key in field_names(model)]
    return [*keys, *sorted(COMMON_FIELDS)] if models == [action.data] else keys


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
