"""A composition in a file, and what the command line adds to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ffmpeg_worker.cli.file_arguments import read_file_argument
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.node import canonical_key
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.explain import field_names
from ffmpeg_worker.job.strict_json import read_json

_NAMES = ("json", "composition")
_BESIDE = frozenset({*_NAMES, "audio", "variables"})

Body = dict[str, Any]


def read_composition_file(name: str) -> Body:
    """The body of a canvas job: a composition, or one with a job's fields; `-` is standard input.

    A whole job is read, too; what it names is then what is rendered.

    Raises:
        InvalidJob: it cannot be read, or is no JSON object.
    """
    value = _read_object(name, "composition")
    for action, data in (("action", "data"), ("path", "body")):
        if action in value and isinstance(value.get(data), dict):
            common = {key: item for key, item in value.items() if key not in {action, data}}
            return {**value[data], **common}
    return value


def read_variables_file(name: str) -> Any:
    """An object, or a list of them: one output for each.

    Raises:
        InvalidJob: it cannot be read, or is neither.
    """
    value = read_json(_read(name, "variables"))
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidJob(
            f"{name} holds neither an object nor a list of objects.",
            code="invalid_value",
            hint='For example {"name": "Ada"}, or [{"name": "Ada"}, {"name": "Bo"}].',
            where={"field": "variables"},
        )
    return value


def read_assignments(texts: Iterable[str]) -> dict[str, Any]:
    """`name=value` each; a value that is written as JSON writes numbers, `true`, `false` or `null` is one.

    Raises:
        InvalidJob: there is no `=`, or nothing before it.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise InvalidJob(
                f'"{text[:64]}" gives no variable a value.',
                code="invalid_value",
                hint="Write --var name=value.",
                where={"field": "variables"},
            )
        found[name.strip()] = _typed(value)
    return found


def with_variables(body: Body, rows: Any, values: Mapping[str, Any]) -> Body:
    """The same body; `rows` (an object, or a list) come before its own variables, `values` before both."""
    if rows is None and not values:
        return body
    composition = next((body[name] for name in _NAMES if isinstance(body.get(name), dict)), body)
    own = body.get("variables", composition.get("variables")) or {}
    if isinstance(rows, list):
        before = own if isinstance(own, dict) else {}
        return {**body, "variables": [{**before, **row, **values} for row in rows]}
    added = {**(rows or {}), **values}
    if isinstance(own, list):
        return {**body, "variables": [{**row, **added} if isinstance(row, dict) else row for row in own]}
    return {**body, "variables": {**own, **added} if isinstance(own, dict) else own}


def for_preview(body: Body) -> Body:
    """What of a body belongs to the composition itself, and to any job."""
    of_video = [
        name
        for name in field_names(CanvasData)
        if name not in _BESIDE and (canonical_key(Composition, name) is None or any(key in body for key in _NAMES))
    ]
    return {key: item for key, item in body.items() if key not in of_video}


def _typed(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_scalar = value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value))
    return value if is_scalar and json.dumps(value) == text else text


def _read_object(name: str, what: str) -> Body:
    value = read_json(_read(name, what))
    if not isinstance(value, dict):
        raise InvalidJob(
            "A composition is a JSON object.",
            hint='For example {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello"}]}.',
        )
    return value


def _read(name: str, what: str) -> bytes:
    return read_file_argument(
        name, f"The file of the {what}, {name},", hint='Name a file with JSON, or "-" for standard input.'
    )
