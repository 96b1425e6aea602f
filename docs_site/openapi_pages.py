"""Pages of the HTTP API, one for each group of routes, made from the OpenAPI document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docs_site.tables import code, table

_REF = "#/components/schemas/"
_GROUPS = {
    "jobs": ("Jobs", "Routes that run a job while the caller waits. The answer comes when the job has ended."),
    "queued jobs": ("Queued jobs", "Routes of jobs that are stored, watched, cancelled and repeated."),
    "webhooks": ("Webhooks", "What became of the messages about a job."),
    "files": ("Files", "Send, fetch, list and remove files of the data root."),
    "presets": ("Presets", "Recipes with typed parameters."),
    "operation": ("Operation", "State, metrics, schemas and examples."),
}
_ELSEWHERE = {
    "Composition": "../../canvas.md#composition",
    "ProcessRequest": "../../jobs.md#process",
}
"""Schemas with a page of their own: their parts are not repeated."""
_ADDRESS = "http://127.0.0.1:3000"
_FORM = "multipart/form-data"
_UNNAMED = "Successful Response"
"""What FastAPI says of a status that the route does not describe."""
_WORDS = {"integer": "whole number", "string": "text", "boolean": "true or false"}
_RULES = "Rules for all routes: [HTTP API](../../http.md)."
_COMMON = "../../jobs.md#common-fields"


@dataclass(frozen=True)
class Page:
    """A generated page: its file name, title and text."""

    name: str
    title: str
    text: str


def make_pages(document: Mapping[str, Any], common_fields: frozenset[str]) -> Iterator[Page]:
    """Make a page for each group; every route of the document is on one of them.

    Raises:
        KeyError: a route has a tag that is not known here.
    """
    groups: dict[str, list[str]] = {tag: [] for tag in _GROUPS}
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(
                _operation(method.upper(), path, operation, schemas, common_fields)
            )
    for tag, parts in groups.items():
        title, about = _GROUPS[tag]
        used = _named_schemas(document, tag)
        objects = "".join(_object(name, schemas[name]) for name in sorted(used))
        tail = f"\n## Objects\n\n{objects}" if objects else ""
        head = f"# HTTP API: {title[0].lower()}{title[1:]}\n\n{about} {_RULES}\n"
        text = f"{head}\n{''.join(parts)}{tail}"
        yield Page(f"{tag.replace(' ', '-')}.md", title, text)


def _operation(
    method: str,
    path: str,
    operation: Mapping[str, Any],
    schemas: Mapping[str, Any],
    common_fields: frozenset[str],
) -> str:
    parts = [f"## `{method} {path}`", f"{operation['summary']}.", operation.get("description", "")]
    if operation.get("security") == []:
        parts.append("No API key is needed.")
    parts.append(_parameters(operation.get("parameters", ())))
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        parts += _request(method, path, body, schemas, common_fields)
    else:
        parts.append(_block("sh", _curl(method, path, None)))
    parts += ["**Answers**", _answers(operation["responses"])]
    parts += _result(operation["responses"])
    return "\n\n".join(part for part in parts if part) + "\n\n"


def _parameters(parameters: Any) -> str:
    rows = [
        (
            code(one["name"]),
            one["in"],
            code(one["example"]) if "example" in one else "",
            one.get("description", ""),
        )
        for one in parameters
    ]
    return table(("parameter", "in", "for example", "meaning"), rows)


def _request(
    method: str, path: str, body: Mapping[str, Any], schemas: Mapping[str, Any], common_fields: frozenset[str]
) -> Iterator[str]:
    accepted = " or ".join(code(name) for name in body)
    yield f"**Request**: {accepted}."
    described = body.get("application/json")
    if described is None:
        sends = "-F file=@intro.mp4" if _FORM in body else "-T intro.mp4"
        yield _block("sh", f"curl {sends} {_ADDRESS}{path}")
        return
    schema = _follow(described["schema"], schemas)
    own = {name: rule for name, rule in schema.get("properties", {}).items() if name not in common_fields}
    yield _fields(own, schema.get("required", ()))
    if len(own) < len(schema.get("properties", {})):
        yield f"And the [common fields]({_COMMON}) of jobs."
    if "example" in described:
        yield _block("sh", _curl(method, path, described["example"]))


def _curl(method: str, path: str, body: Any) -> str:
    if body is None:
        return f"curl {'' if method == 'GET' else f'-X {method} '}{_ADDRESS}{path}"
    line = f"curl {_ADDRESS}{path}"
    text = json.dumps(body, ensure_ascii=False)
    return f"{line} -H 'Content-Type: application/json' -d {shlex.quote(text)}"


def _answers(responses: Mapping[str, Any]) -> str:
    rows = [
        (status, answer["description"], _shape(answer))
        for status, answer in sorted(responses.items())
        if answer["description"] != _UNNAMED
    ]
    return table(("status", "meaning", "content"), rows)


def _shape(answer: Mapping[str, Any]) -> str:
    shown = []
    for media_type, content in answer.get("content", {}).items():
        schema = content.get("schema", {})
        shown.append(_type_of(schema) if "$ref" in schema else code(media_type))
    return ", ".join(shown)


def _result(responses: Mapping[str, Any]) -> Iterator[str]:
    """The example of the first successful response that has one."""
    for status in sorted(responses):
        content = responses[status].get("content", {}).get("application/json", {})
        if status < "300" and "example" in content:
            yield _block("json", json.dumps(content["example"], indent=2, ensure_ascii=False))
            return


def _object(name: str, schema: Mapping[str, Any]) -> str:
    head = f"### {name}\n\n{schema.get('description', '')}\n\n"
    if "enum" in schema:
        return f"{head}One of {', '.join(code(value) for value in schema['enum'])}.\n\n"
    return f"{head}{_fields(schema.get('properties', {}), schema.get('required', ()))}\n\n"


def _fields(properties: Mapping[str, Any], required: Any) -> str:
    rows = [
        (
            code(name),
            _type_of(rule),
            "yes" if name in required else "",
            _example(rule),
            rule.get("description", ""),
        )
        for name, rule in properties.items()
    ]
    return table(("field", "type", "required", "for example", "meaning"), rows)


def _example(rule: Mapping[str, Any]) -> str:
    examples = rule.get("examples") or ([rule["example"]] if "example" in rule else [])
    text = json.dumps(examples[0], ensure_ascii=False) if examples else ""
    return f"`{text}`" if text and len(text) <= 160 else ""


def _type_of(rule: Mapping[str, Any]) -> str:
    if "$ref" in rule:
        name = str(rule["$ref"]).removeprefix(_REF)
        return f"[{name}]({_ELSEWHERE.get(name, f'#{name.lower()}')})"
    choices = rule.get("anyOf") or rule.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(_type_of(choice) for choice in choices))
    kind = rule.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(_type_of({**rule, "type": one}) for one in kind)
    if kind == "array":
        return f"list of {_type_of(rule.get('items', {}))}"
    return _WORDS.get(kind, str(kind))


def _named_schemas(document: Mapping[str, Any], tag: str) -> set[str]:
    """The schemas that the tables of a page link to, and those that these link to."""
    schemas = document["components"]["schemas"]
    operations = [
        operation
        for methods in document["paths"].values()
        for operation in methods.values()
        if operation["tags"][0] == tag
    ]
    requests = {
        _name_of(content.get("schema", {}))
        for operation in operations
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    pending = _references(operations)
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in found or name in _ELSEWHERE:
            continue
        found.add(name)
        pending |= _references(schemas[name].get("properties", {}))
    return found - requests


def _references(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        own = {_name_of(value)} - {""}
        return own.union(*(_references(item) for key, item in value.items() if key != "example"))
    if isinstance(value, list):
        return set().union(*map(_references, value))
    return set()


def _name_of(schema: Mapping[str, Any]) -> str:
    name = schema.get("$ref")
    return name.removeprefix(_REF) if isinstance(name, str) else ""


def _follow(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    name = _name_of(schema)
    followed: Mapping[str, Any] = schemas[name] if name else schema
    return followed


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"
