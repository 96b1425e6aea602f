"""Reading a composition file, and adding variables from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.cli.composition_file import (
    add_variables,
    read_assignments,
    read_composition_file,
    read_variables_file,
    remove_video_fields,
)
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.parse import parse_action

CANVAS = {"width": 64, "height": 36, "layers": [{"type": "shape", "fill": "#fff", "duration": 1}]}


def compositions_of(body: Any) -> tuple[Composition, ...]:
    """What the body of a canvas job holds."""
    job = parse_action("canvas", body)
    assert isinstance(job, CanvasJob)
    return job.data.compositions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=Ada", "Ada"),
        ("a=", ""),
        ("a=x=y", "x=y"),
        ("a=5", 5),
        ("a=-2.5", -2.5),
        ("a=true", True),
        ("a=null", None),
        ("a=01234", "01234"),
        ("a=1e5", "1e5"),
        ("a=5.00", "5.00"),
        ('a="x"', '"x"'),
        ("a=[1]", "[1]"),
        ("a=NaN", "NaN"),
    ],
)
def test_a_value_is_text_unless_it_has_the_form_of_json(text: str, value: Any) -> None:
    found = read_assignments([text])["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_an_assignment_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(InvalidJob):
        read_assignments([text])


@pytest.mark.parametrize(
    ("own", "rows", "values", "result"),
    [
        (None, None, {"b": 1}, {"b": 1}),
        ({"a": 1, "b": 2}, None, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": 1, "b": 2, "c": 3}, {"b": 4, "c": 5}, {"c": 6}, {"a": 1, "b": 4, "c": 6}),
        ({"a": 1}, [{"b": 1}, {"b": 2}], {"c": 3}, [{"a": 1, "b": 1, "c": 3}, {"a": 1, "b": 2, "c": 3}]),
        ([{"a": 1}, {"a": 2}], None, {"c": 3}, [{"a": 1, "c": 3}, {"a": 2, "c": 3}]),
        ([{"a": 1}, {"a": 2}], [{"b": 1}], {}, [{"b": 1}]),
    ],
)
@pytest.mark.parametrize("place", ["in place", "json", "beside"])
def test_variables_override_those_of_the_file(place: str, own: Any, rows: Any, values: Any, result: Any) -> None:
    variables = {} if own is None else {"variables": own}
    body: dict[str, Any] = {
        "in place": {**CANVAS, **variables},
        "json": {"json": {**CANVAS, **variables}},
        "beside": {"composition": CANVAS, **variables},
    }[place]
    added = add_variables(body, rows, values)
    assert added["variables"] == result
    assert [dict(one.variables) for one in compositions_of(added)] == (
        result if isinstance(result, list) else [result]
    )


def test_a_bare_composition_a_body_and_a_job_are_read(tmp_path: Path) -> None:
    bodies: list[Any] = [
        CANVAS,
        {"json": CANVAS, "crf": 30},
        {"action": "canvas", "data": {"json": CANVAS, "crf": 30}, "inputs": {"a": "b.mp4"}},
        {"path": "/canvas/process", "body": {"json": CANVAS}, "timeout": 5},
    ]
    for body in bodies:
        (tmp_path / "c.json").write_text(json.dumps(body))
        read = read_composition_file(str(tmp_path / "c.json"))
        assert compositions_of(read)[0].width == 64


@pytest.mark.parametrize("body", [{**CANVAS, "fps": 10}, {"json": CANVAS, "fps": 10, "audio": []}])
def test_a_preview_has_no_fields_of_the_video(body: dict[str, Any]) -> None:
    left = remove_video_fields({**body, "crf": 30, "poster": 1, "startTime": 0, "timeout": 5, "output": "a.mp4"})
    assert not {"crf", "poster", "startTime", "output"} & left.keys()
    assert left["timeout"] == 5
    parse_action("canvas_preview", left)


@pytest.mark.parametrize("text", ["5", "[]", "[1]", '"x"'])
def test_variables_are_objects(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(InvalidJob):
        read_variables_file(str(tmp_path / "v.json"))
