"""Messages of validation errors, in the words of this worker."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from ffmpeg_worker import composition, job
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.parse import parse_action
from ffmpeg_worker.validation_errors import KNOWN_KINDS, describe_problem, wrong_value

PYTHON_WORDS = re.compile(
    r"\b(dict(ionary)?|instance|NoneType|None|str|int|integer|bool|boolean|float|tuple|callable|mapping|True|False|"
    r"Input|a [aeiou]\w+|array)\b"
)
KINDS_OF_SCHEMAS: dict[str, set[str]] = {
    "any": set(),
    "bool": {"bool_type", "bool_parsing"},
    "default": set(),
    "definition-ref": set(),
    "definitions": set(),
    "dict": {"dict_type", "mapping_type"},
    "enum": {"enum"},
    "float": {"float_type", "float_parsing", "finite_number"},
    "function-after": {"value_error"},
    "function-before": {"value_error"},
    "function-plain": {"value_error"},
    "int": {"int_type", "int_parsing", "int_parsing_size", "int_from_float"},
    "is-instance": {"is_instance_of"},
    "json-or-python": set(),
    "lax-or-strict": set(),
    "list": {"list_type"},
    "literal": {"literal_error"},
    "model": {"model_type", "model_attributes_type"},
    "model-field": set(),
    "model-fields": {"missing", "extra_forbidden"},
    "no-info": set(),
    "nullable": set(),
    "str": {"string_type", "string_sub_type", "string_unicode"},
    "tuple": {"tuple_type"},
    "union": set(),
    "with-info": set(),
}
"""The types of errors that each type of pydantic's core schemas raises."""

KINDS_OF_BOUNDS = {
    "gt": {"greater_than"},
    "ge": {"greater_than_equal"},
    "lt": {"less_than"},
    "le": {"less_than_equal"},
    "pattern": {"string_pattern_mismatch"},
    "min_length": {"string_too_short", "too_short"},
    "max_length": {"string_too_long", "too_long"},
}


def refuse(_: int) -> int:
    raise wrong_value("is odd", "Write an even number.")


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


class Basket(FrozenModel):
    size: int


@pytest.mark.parametrize(
    ("model", "value", "problem"),
    [
        (int, "x", "must be a whole number"),
        (int, 1.5, "must be a whole number"),
        (float, "x", "must be a number"),
        (bool, 1, "must be true or false"),
        (str, 1, "must be text"),
        (Annotated[str, Field(min_length=2)], "x", "must have at least 2 characters"),
        (Annotated[str, Field(min_length=1)], "", "must have at least 1 character"),
        (Annotated[str, Field(max_length=1)], "xy", "must have at most 1 character"),
        (Annotated[str, Field(pattern="^a$")], "x", "must match the pattern ^a$"),
        (Annotated[float, Field(ge=1)], 0.5, "must be greater than or equal to 1"),
        (Annotated[float, Field(le=14400.0)], 1e9, "must be less than or equal to 14400"),
        (Annotated[float, Field(le=0.5)], 1.0, "must be less than or equal to 0.5"),
        (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "must be a finite number"),
        (tuple[int, ...], 3, "must be a list"),
        (tuple[int, int], (1, 2, 3), "must have at most 2 items"),
        (dict[str, int], 3, "must be an object"),
        (Basket, 3, "must be an object"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most 1 item"),
        (Literal["a", "b"], "c", 'must be one of "a", "b"'),
        (Literal["a"], "c", 'must be "a"'),
        (Fruit, "plum", "has a value of the wrong type"),
        (Annotated[int, AfterValidator(refuse)], 3, "is odd"),
    ],
)
def test_a_message_continues_the_path_of_a_field(model: Any, value: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(model).validate_python(value, strict=None if model is Basket else True)
    assert describe_problem(refused.value.errors()[0]) == problem


def test_an_error_of_another_type_has_no_words_of_python() -> None:
    class Model(BaseModel):
        path: bytes

    with pytest.raises(ValidationError) as refused:
        Model.model_validate({"path": 3})
    assert describe_problem(refused.value.errors()[0]) == "has a value that is not accepted"


def models() -> list[type[FrozenModel]]:
    """Every model of what callers send."""
    for package in (composition, job):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    def below(base: type[FrozenModel]) -> Iterator[type[FrozenModel]]:
        for model in base.__subclasses__():
            yield model
            yield from below(model)

    return [model for model in below(FrozenModel) if model.__module__.startswith("ffmpeg_worker.")]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every core schema in a core schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for key, value in schema.items():
            if key not in {"metadata", "serialization"}:
                yield from nodes(value)
    elif isinstance(schema, (list, tuple)):
        for item in schema:
            yield from nodes(item)


def test_every_error_that_a_model_can_raise_has_a_phrase() -> None:
    found = models()
    assert len(found) > 50
    for model in found:
        model.model_rebuild(force=True)
        for node in nodes(model.__pydantic_core_schema__):
            raised = KINDS_OF_SCHEMAS[node["type"]].union(
                *(KINDS_OF_BOUNDS[key] for key in KINDS_OF_BOUNDS if key in node)
            )
            assert raised <= KNOWN_KINDS, (model, node["type"])


WRONG: list[Any] = [None, True, 3, 2.5, "?", [], [3], {}, {"?": 3}, [[]], {"type": 3}, -1, "x" * 5000]


def spoil(value: Any) -> Iterator[Any]:
    """The same JSON with each of its values replaced by wrong ones, one at a time."""
    yield from WRONG
    if isinstance(value, dict):
        for key, item in value.items():
            for wrong in spoil(item):
                yield {**value, key: wrong}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for wrong in spoil(item):
                yield [*value[:index], wrong, *value[index + 1 :]]


FULL: dict[str, dict[str, Any]] = {
    "process": {
        "chainCmds": ["-i", "a", "b.mp4"],
        "output": ["b.mp4"],
        "hardware": "off",
        "inputs": {"a": {"url": "https://h/a", "headers": {"A": "b"}, "sha256": "0" * 64}, "b": {"content": "x"}},
        "upload": {
            "bucket": "b",
            "key": "k",
            "cloud_type": "AWS",
            "presign": 60,
            "credentials": {"aws_region": "x"},
        },
        "timeout": 30,
        "metadata": {"a": 1},
    },
    "multi_process": {"processes": [{"chainCmds": "-i a b.mp4"}], "fuse": True, "hardware": "auto"},
    "probe": {
        "input": "a",
        "chainCmds": ["-show_packets"],
        "s3Config": {"accessId": "a", "accessSecret": "b", "bucketName": "c"},
    },
    "vmaf": {"input1": "a", "input2": "b", "features": ["psnr"], "scale": "64x64", "subsample": 1, "align": "off"},
    "canvas": {
        "json": {
            "width": 64,
            "fps": 30,
            "fonts": [{"family": "a", "src": "b", "weight": 400}],
            "layers": [
                {
                    "type": "text",
                    "text": "x",
                    "x": "50%",
                    "opacity": [{"time": 0, "value": 1}],
                    "style": {"font_size": 9},
                },
                {
                    "type": "shape",
                    "shape": "polygon",
                    "points": [[0, 0], [1, 1], [2, 2]],
                    "fill": {"gradient": ["red", "blue"]},
                },
                {
                    "type": "subtitles",
                    "cues": [{"start": 0, "end": 1, "text": "x", "words": [{"text": "x", "start": 0, "end": 1}]}],
                },
                {"type": "group", "layers": [{"type": "audio", "src": "a", "trim": {"start": 1, "end": 2}}]},
            ],
        },
        "poster": {"time": 1, "name": "a.png"},
        "audio": [{"url": "a", "startTime": 1}],
        "crf": 20,
        "transparent": False,
    },
    "canvas_preview": {
        "json": {"layers": [{"type": "video", "src": "a"}]},
        "t": 1,
        "width": 64,
        "row": 0,
        "output": "a.png",
    },
    "download": {"input": {"url": "https://h/a", "credentials": {"aws_url": "https://h"}}, "output": "a"},
    "upload": {"input": ["a"], "upload": {"urls": {"a": "https://h"}, "headers": {"a": "b"}}},
}


@pytest.mark.parametrize("action", FULL)
def test_no_message_has_words_of_python(action: str) -> None:
    """Whatever has a wrong type or value, in every field."""
    assert parse_action(action, FULL[action]).action == action
    messages = set()
    for body in spoil(FULL[action]):
        try:
            parse_action(action, body)
        except InvalidJob as error:
            messages.add(error.message.rpartition('"')[2] if '"' in error.message[1:] else error.message)
    assert len(messages) > 5
    assert [message for message in messages if PYTHON_WORDS.search(message)] == []
