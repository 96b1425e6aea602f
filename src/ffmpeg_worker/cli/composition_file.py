"""Reads a composition from a file, and adds variables from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ffmpeg_worker.cli.file_arguments import read_file_argument
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.node import canonical_key
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.envelope import unwrap_job
from ffmpeg_worker.job.strict_json import read_json

_NAMES = ("json", "composition")
_BESIDE = frozenset({*_NAMES, "audio", "variables"})

Body = dict[str, Any]


def read_composition_file(name: str) -> Body:
    """Read the body of a canvas job from a file, or from standard input if `name` is `-`.

    The file may have a composition, the body of a canvas job, or a whole job.

    Raises:
        InvalidJob: the file cannot be read, or is not a JSON object.
    """
    value = unwrap_job(_read(name, "composition"))
    if not isinstance(value, dict):
        raise InvalidJob(
            "A composition is a JSON object.",
            hint='For example {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello"}]}.',
        )
    for action, data in (("action", "data"), ("path", "body")):
        if action in value and isinstance(value.get(data), dict):
            common = {key: item for key, item in value.items() if key not in {action, data}}
            return {**value[data], **common}
    return value


def read_variables_file(name: str) -> Any:
    """Read variables: an object, or a list of objects for one output each.

    Raises:
        InvalidJob: the file cannot be read, or has something else.
    """
    value = _read(name, "variables")
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidJob(
            f"{name} is neither an object nor a list of objects.",
            code="invalid_value",
            hint='For example {"name": "Ada"}, or [{"name": "Ada"}, {"name": "Bo"}].',
            where={"field": "variables"},
        )
    return value


def read_assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Parse assignments `name=value`; a value that looks like a JSON number, boolean or null gets that type.

    Raises:
        InvalidJob: an assignment has no `=`, or no name.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise InvalidJob(
                f'"{text[:64]}" is not an assignment to a variable.',
                code="invalid_value",
                hint="Write --var name=value.",
                where={"field": "variables"},
            )
        found[name.strip()] = _typed(value)
    return found


def add_variables(body: Body, rows: Any, values: Mapping[str, Any]) -> Body:
    """Add variables to a body; `rows` (an object or a list) override its own variables, `values` override both."""
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


def remove_video_fields(body: Body) -> Body:
    """Remove the fields of a body that concern the video only, not the composition or any job."""
    video_fields = [
        name
        for name in field_names(CanvasData)
        if name not in _BESIDE and (canonical_key(Composition, name) is None or any(key in body for key in _NAMES))
    ]
    return {key: item for key, item in body.items() if key not in video_fields}


def _typed(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_scalar = value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value))
    return value if is_scalar and json.dumps(value) == text else text


def _read(name: str, what: str) -> Any:
    hint, shown = 'Name a file with JSON, or "-" for standard input.', f"The {what} file {name}"
    return read_json(read_file_argument(name, shown, hint=hint), shown)
