"""Bodies that are slow to read for a careless reader: every text field of every action with pathological texts.

The fields come from the OpenAPI document, so a new field gets bodies by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

_REF = "#/components/schemas/"
_MAX_DEPTH = 7
_EMPTY: Mapping[str, Any] = {"string": "a", "number": 1, "integer": 1, "array": [], "object": {}}
Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

TEXTS: Mapping[str, str] = {
    "brackets": "(",
    "brackets_in_words": "scale=[(",
    "expansions": "%{",
    "dates": "%Y",
    "numbers": "%0d",
    "variables": "{{a}}",
    "braces": "{{",
    "placeholders": "<<a>>",
    "commas": "a,",
    "blanks": " ",
    "lines": "\n ",
    "quotes": "'\"",
    "backslashes": "\\",
    "colons": "a=b:",
    "folders": "../",
    "at_signs": "http://@",
    "operators": " && ",
    "emoji": "👩🏽",
    "tags": "<b>{\\k1}",
    "exponents": "1e9,",
}
"""Units that are repeated, each with an end that fits nothing."""


def make_text(name: str, length: int) -> str:
    """Return a pathological text of about `length` characters."""
    unit = TEXTS[name]
    return f"x{unit * (length // len(unit))}!x"


@dataclass(frozen=True)
class HostileBody:
    """One body for the route at `path`."""

    path: str
    body: Any
    label: str

    def __str__(self) -> str:
        return f"{self.path}: {self.label}"


def find_text_bodies(document: Mapping[str, Any], length: int) -> Iterator[HostileBody]:
    """Yield bodies with each pathological text in each text field of each action.

    A body is the example of its route, changed in one field.
    """
    for path, body, field in _find_fields(document):
        for text in TEXTS:
            yield _fill(path, body, field, text, length)


def find_some_text_bodies(document: Mapping[str, Any], lengths: Sequence[int]) -> Iterator[HostileBody]:
    """Yield bodies for one nested field of each name; texts and lengths in turn, for commands each text."""
    turns, sizes = itertools.cycle(TEXTS), itertools.cycle(lengths)
    seen: set[Path] = set()
    for path, body, field in _find_fields(document):
        names = tuple(key for key in field if isinstance(key, str))[-2:]
        kind = names if len(field) > 2 else (path, *names)
        if kind not in seen:
            seen.add(kind)
            chosen = TEXTS if names == ("chainCmds",) else (next(turns),)
            yield from (_fill(path, body, field, text, next(sizes)) for text in chosen)


def find_long_bodies(count: int) -> Iterator[HostileBody]:
    """Yield bodies with very many parts, each of which is honest."""
    yield from _long_commands(count)
    yield from _long_compositions(count)
    probe = "/api/ffmpeg/probe"
    yield HostileBody(probe, {f"key{number}": number for number in range(count)}, "many keys")
    metadata = {f"key{number}": [number] for number in range(count)}
    yield HostileBody(probe, {"input": "a.mp4", "metadata": metadata}, "much metadata")


def _long_commands(count: int) -> Iterator[HostileBody]:
    path = "/api/ffmpeg/process"
    names = [f"{number}.mp4" for number in range(count)]
    signed = [f"https://127.0.0.1/{number}?X-Amz-Signature={number:064x}" for number in range(count // 8)]
    command = "-i missing.mp4 b.mp4"
    yield HostileBody(path, {"inputs": names, "chainCmds": command}, "many inputs")
    yield HostileBody(path, {"inputs": signed, "chainCmds": command}, "many signed inputs")
    yield HostileBody(path, {"chainCmds": [*(["-i", "a.mp4"] * count), "b.mp4"]}, "many arguments")
    yield HostileBody(path, {"chainCmds": " && ".join([command] * count)}, "many commands")
    filters = ["-i", "a.mp4", "-vf", ",".join(["null"] * count), "b.mp4"]
    yield HostileBody(path, {"chainCmds": filters}, "many filters")
    processes = {"processes": [{"chainCmds": command}] * count}
    yield HostileBody("/api/ffmpeg/multi_process", processes, "many processes")


def _long_compositions(count: int) -> Iterator[HostileBody]:
    path = "/api/canvas/process"
    layer = {"type": "text", "text": "a", "duration": 1}
    steps = [{"time": number / 100, "value": number % 7} for number in range(min(count, 700))]
    moving = [layer | {"text": "{{a}}", "x": steps} for _ in range(24)]
    rows = [{"a": f"{number}"} for number in range(100)]
    yield HostileBody(path, {"layers": [layer] * count, "lint": True}, "many layers")
    yield HostileBody(path, {"json": {"layers": moving}, "variables": rows, "lint": True}, "many rows")
    yield HostileBody(path, _nest(60), "many levels")
    filled = {"json": {"layers": [layer | {"text": "{{a}}" * count}]}, "variables": {"a": "👩🏽" * 2500}}
    yield HostileBody("/api/canvas/preview", filled, "many variables")


def _nest(depth: int) -> Any:
    value: Any = {"type": "text", "text": "a"}
    for _ in range(depth // 2):
        value = {"type": "group", "layers": [value]}
    return {"layers": [value]}


def _find_fields(document: Mapping[str, Any]) -> Iterator[tuple[str, Any, Path]]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        content = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        # A whole job has an example for each action.
        examples = content.get("examples") or {"": {"value": content.get("example")}}
        example = next(iter(examples.values()))["value"]
        for field, body in _Fields(schemas).of_body(content["schema"], example):
            yield path, body, field


class _Fields:
    """Finds the text fields of a schema, and builds a small valid value around each."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def of_body(self, schema: Schema, example: Any) -> Iterator[tuple[Path, Any]]:
        """Yield the path of each text field, with a body in which its parents exist."""
        for field, value in self._walk(schema, frozenset(), 0):
            body = deepcopy(example)
            if isinstance(value, dict):
                yield field, {**body, **value}

    def _walk(self, schema: Schema, seen: frozenset[str], depth: int) -> Iterator[tuple[Path, Any]]:
        """Yield paths below a value of this schema, and such a value."""
        if depth > _MAX_DEPTH:
            return
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_REF)
            if name not in seen:
                yield from self._walk(self._schemas[name], seen | {name}, depth)
            return
        for option in _options(schema):
            yield from self._walk(option, seen, depth)
        if schema.get("type") == "string" and not {"enum", "const"} & schema.keys():
            yield (), ""
        base = self._required(schema)
        for name, item in schema.get("properties", {}).items():
            for field, value in self._walk(item, seen, depth + 1):
                yield (name, *field), {**base, name: value}
        yield from self._walk_members(schema, seen, depth)

    def _walk_members(self, schema: Schema, seen: frozenset[str], depth: int) -> Iterator[tuple[Path, Any]]:
        """Yield the same below a value of a map or a list."""
        for key, item in (("a", schema.get("additionalProperties")), (0, schema.get("items"))):
            if isinstance(item, dict):
                for field, value in self._walk(item, seen, depth + 1):
                    yield (key, *field), [value] if key == 0 else {key: value}

    def _required(self, schema: Schema) -> dict[str, Any]:
        """The fields that every value of this schema has."""
        properties = schema.get("properties", {})
        names = [*schema.get("required", ()), *(["type"] if "const" in properties.get("type", {}) else [])]
        return {name: self._example(properties[name]) for name in names}

    def _example(self, schema: Schema) -> Any:
        """A valid value."""
        if "$ref" in schema:
            return self._example(self._schemas[schema["$ref"].removeprefix(_REF)])
        if "const" in schema:
            return schema["const"]
        given = [*schema.get("examples", ()), *schema.get("enum", ())]
        if given:
            return given[0]
        options = _options(schema)
        return self._example(options[0]) if options else _EMPTY.get(schema.get("type", ""))


def _options(schema: Schema) -> list[Any]:
    return [option for key in ("anyOf", "oneOf", "allOf") for option in schema.get(key, ())]


def _fill(path: str, body: Any, field: Path, text: str, length: int) -> HostileBody:
    filled = deepcopy(body)
    parent = filled
    for key in field[:-1]:
        parent = parent[key]
    parent[field[-1]] = make_text(text, length)
    return HostileBody(path, filled, f"{text} in {'.'.join(map(str, field))}")
