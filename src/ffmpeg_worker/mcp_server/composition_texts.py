"""Texts about compositions for models and users: the schema, its parts, and examples."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ffmpeg_worker.api.canvas_examples import example_texts, find_example
from ffmpeg_worker.composition.schema import composition_schema
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

_DEFINITIONS = "$defs"


@cache
def _schema() -> dict[str, Any]:
    return composition_schema()


def part_names() -> list[str]:
    """Return the names of the parts of compositions that have a schema of their own."""
    return list(_schema()[_DEFINITIONS])


def example_names() -> list[str]:
    """Return the names of the example compositions."""
    return list(example_texts())


def describe_part(name: str | None) -> dict[str, Any]:
    """Return the schema of a part, which refers to other parts by their names; by default of a composition.

    Raises:
        InvalidJob: there is no part of that name.
    """
    if name is None:
        return {key: value for key, value in _schema().items() if key != _DEFINITIONS}
    parts: dict[str, dict[str, Any]] = _schema()[_DEFINITIONS]
    if name not in parts:
        raise InvalidJob(
            "Compositions have no part of that name.",
            code="invalid_value",
            hint=did_you_mean(name, parts) or f"Parts are {', '.join(parts)}.",
            where={"field": "part"},
        )
    return parts[name]


def find_composition(name: str) -> dict[str, Any]:
    """Return an example composition.

    Raises:
        InvalidJob: there is none of that name.
    """
    found: dict[str, Any] = json.loads(find_example(name))
    return found
