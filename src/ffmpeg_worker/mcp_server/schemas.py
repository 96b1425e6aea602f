"""JSON Schemas of arguments and answers: short and without references, since they fill the context of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, create_model

from ffmpeg_worker.api.openapi_schemas import REF, request_schemas, result_schemas
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.job import CommonFields

_DEPTH = 3
"""Models inside models that are described; deeper ones are objects of any kind."""
_MOST_CHOICES = 4
"""Alternatives that are described; a value with more of them may be anything."""
_DROPPED = frozenset({"pattern", "propertyNames", "maxLength", "minLength", "not", "title", "writeOnly"})
"""Keywords for programs: errors of the worker say the same, with a hint."""
_ANY_OBJECT: Mapping[str, Any] = {"type": "object"}

INPUTS: Mapping[str, Any] = {
    "type": "object",
    "description": "Inputs by name, used in commands as {{name}}: the name of a file in the data root, an https://"
    ' URL, {"url": …, "headers": {…}}, or {"content": "text", "name": "captions.srt"} for a short text file.',
    "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "object"}]},
    "examples": [{"in_1": "clips/intro.mp4"}],
}
"""Inputs of a job."""


def field_schemas(action: Action, *names: str) -> dict[str, Any]:
    """Return the schemas of fields of the data of an action, and of the common fields of its jobs.

    Only these fields are looked at: the whole schema of a job with a composition takes a second.
    """
    fields = {**CommonFields.model_fields, **action.data.model_fields}
    chosen: dict[str, Any] = {name: (fields[name].annotation, fields[name]) for name in names}
    return dict(model_schema(create_model("Fields", **chosen))["properties"])


def arguments_schema(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Return the schema of arguments."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needed, "additionalProperties": False}


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of arguments that a model reads."""
    schemas = request_schemas([model])
    inlined: dict[str, Any] = _inline(schemas[model.__name__], schemas, _DEPTH)
    return {**inlined, "additionalProperties": False}


def answer_schema(model: type[BaseModel], *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the schema of an answer; fields `without` are not in it."""
    schemas = result_schemas([model])
    inlined: dict[str, Any] = _inline(schemas[model.__name__], schemas, _DEPTH)
    inlined["properties"] = {
        name: {key: item for key, item in field.items() if key != "examples"}
        for name, field in inlined.get("properties", {}).items()
        if name not in without
    }
    if "required" in inlined:
        inlined["required"] = [name for name in inlined["required"] if name not in without]
    return inlined


def _inline(schema: Any, schemas: Mapping[str, Any], depth: int) -> Any:
    """Return a schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [_inline(item, schemas, depth) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        if depth == 0:
            return {**_ANY_OBJECT, **rest}
        target = schemas[schema["$ref"].removeprefix(REF)]
        return {**_inline(target, schemas, depth - 1), **_inline(rest, schemas, depth)}
    choices = next((schema[key] for key in ("anyOf", "oneOf") if key in schema), ())
    if len(choices) > _MOST_CHOICES:
        return {key: schema[key] for key in ("description", "examples") if key in schema}
    return {
        key: _inline_keyword(key, value, schemas, depth) for key, value in schema.items() if key not in _DROPPED
    }


def _inline_keyword(key: str, value: Any, schemas: Mapping[str, Any], depth: int) -> Any:
    if key in {"examples", "enum", "const", "default", "required"}:
        return value
    if key == "properties":
        return {name: _inline(field, schemas, depth) for name, field in value.items()}
    return _inline(value, schemas, depth)
