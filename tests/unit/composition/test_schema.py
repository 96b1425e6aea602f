"""The published JSON Schema accepts exactly what the models accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.schema import EXAMPLE, composition_schema
from ffmpeg_worker.errors import InvalidJob

SCHEMA = composition_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
TEXT = {"type": "text", "text": "x"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict) and "additionalProperties" in value:
            yield value
        for key, item in value.items():
            if key not in {"examples", "default"}:
                yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_it_is_a_schema() -> None:
    meta.validate(SCHEMA)


def test_every_field_has_a_description_and_an_example() -> None:
    fields = [(name, field) for schema in objects(SCHEMA) for name, field in schema["properties"].items()]
    assert len(fields) > 200
    assert [name for name, field in fields if not (field.get("description") and field.get("examples"))] == []


TAKEN: list[Any] = [
    EXAMPLE,
    {"layers": [TEXT | {"x": "{{x}}", "style": {"color": "{{color}}"}}], "variables": [{"x": 1, "color": "red"}]},
    {"layers": [TEXT | {"x": [{"time": 0, "value": "5%"}, {"time": 1, "value": 3, "easing": "steps(3)"}]}]},
    {"layers": [TEXT | {"style": {"color": [{"time": 0, "value": "red"}], "font_size": "auto"}}]},
    {
        "layers": [
            TEXT | {"style": {"shadow": [{"x": 1}], "background": {"padding": [1, "2%"]}, "font_weight": "bold"}}
        ]
    },
    {"layers": [TEXT | {"transition": {"in": "fade"}, "condition": "{{x}} == 1", "animation": "pop"}]},
    {"layers": [{"type": "group", "layers": [{"type": "shape", "fill": {"gradient": ["red", "blue"]}}]}]},
    {"layers": [{"type": "shape", "shape": "circle", "fill": "red"}], "fps": "30000/1001"},
    {"layers": [{"type": "shape", "shape": "polygon", "points": [[0, 0], ["5%", 3], [1, 1]]}]},
]


@pytest.mark.parametrize("composition", TAKEN)
def test_what_is_taken_is_valid(composition: Any) -> None:
    read_compositions(composition)
    assert [error.message for error in VALIDATOR.iter_errors(composition)] == []


@pytest.mark.parametrize(
    "composition",
    [
        {},
        {"layers": [{"type": "text"}]},
        {"layers": [TEXT | {"x": "5px"}]},
        {"layers": [TEXT | {"lenght": 5}]},
        {"layers": [TEXT | {"opacity": [{"time": 0, "value": 2}]}]},
        {"layers": [TEXT], "width": 0},
        {"layers": [{"type": "hidden"}]},
    ],
)
def test_what_is_refused_is_not(composition: Any) -> None:
    assert not VALIDATOR.is_valid(composition)
    if composition != {"layers": [{"type": "hidden"}]}:  # what conditions leave behind
        with pytest.raises(InvalidJob):
            read_compositions(composition)
