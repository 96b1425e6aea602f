"""The schemas of the OpenAPI document, in a form from which generators of clients make good code.

pydantic describes optional fields as "this or null, null by default". Null means "not given", so a field that may
be left out is described by what it takes alone: generators then make an optional field of one type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

REF = "#/components/schemas/"
NO_NUL = r"^[^\u0000]*$"
"""Pattern of texts: the worker refuses NUL in all of them, since no command line can contain it."""

_NULL = {"type": "null"}
_DATA = frozenset({"default", "example", "examples", "enum", "const", "required"})
"""Keywords whose values are no schemas."""

_Describe = Callable[[dict[str, Any]], dict[str, Any]]


def request_schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Make the schemas of what callers send.

    Defaults are part of the descriptions: generators would make fields with a `default` required, or send it.
    """
    return {name: _walk(schema, _describe_request) for name, schema in _definitions(models, "validation").items()}


def result_schemas(models: Iterable[type[Any]]) -> dict[str, Any]:
    """Make the schemas of what callers get: unknown values are left out, never null; others are always there.

    `models` are models or dataclasses of pydantic.
    """
    return {
        name: _walk(schema, _describe_result) for name, schema in _definitions(models, "serialization").items()
    }


def request_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of one field of a request."""
    return dict(_walk(rule, _describe_request))


def find_references(schemas: Any) -> set[str]:
    """Find the names of the schemas that others refer to."""
    return set(re.findall(rf'"{REF}(\w+)"', json.dumps(schemas)))


def _definitions(models: Iterable[type[Any]], mode: JsonSchemaMode) -> dict[str, Any]:
    _, document = models_json_schema([(model, mode) for model in models], ref_template=REF + "{model}")
    return dict(document["$defs"])


def _walk(schema: Any, describe: _Describe) -> Any:
    """Return a schema with `describe` applied to it and to the schemas in it, the innermost first."""
    if isinstance(schema, list):
        return [_walk(item, describe) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return describe({key: _walk_keyword(key, value, describe) for key, value in schema.items()})


def _walk_keyword(key: str, value: Any, describe: _Describe) -> Any:
    if key in _DATA:
        return value
    if key == "properties":
        return {name: _walk(field, describe) for name, field in value.items()}
    return _walk(value, describe)


def _describe_request(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        schema = {**schema, "properties": {name: _request_field(field) for name, field in properties.items()}}
    if schema.get("type") == "string" and not schema.keys() & {"pattern", "enum", "const", "format"}:
        schema = {**schema, "pattern": NO_NUL}
    if schema.get("additionalProperties") and "propertyNames" not in schema:
        schema = {**schema, "propertyNames": {"pattern": NO_NUL}}
    return schema


def _request_field(field: dict[str, Any]) -> dict[str, Any]:
    plain = _without_null(field)
    default = plain.pop("default", None)
    description = plain.get("description", "")
    if default not in (None, "", [], {}) and "efault" not in description:
        plain["description"] = f"{description} Default: `{json.dumps(default, ensure_ascii=False)}`.".lstrip()
    return plain


def _describe_result(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    always = {name for name, field in properties.items() if field.get("default") is not None}
    required = [name for name in properties if name in always or name in schema.get("required", ())]
    fields = {
        name: {key: value for key, value in _without_null(field).items() if key != "default"}
        for name, field in properties.items()
    }
    return {**schema, "properties": fields, **({"required": required} if required else {})}


def _without_null(field: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a field without the title that pydantic made, and without the alternative null.

    Null stays where it is an example, because it means something there.
    """
    plain = {key: value for key, value in field.items() if key != "title"}
    if None in plain.get("examples", ()):
        return plain
    choices = [choice for choice in plain.get("anyOf", ()) if choice != _NULL]
    if len(choices) == len(plain.get("anyOf", ())):
        return plain
    del plain["anyOf"]
    return {**choices[0], **plain} if len(choices) == 1 else {"anyOf": choices, **plain}
