"""Any JSON is a valid composition that survives a round trip, or an error without submitted values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.composition.condition import evaluate_condition
from ffmpeg_worker.composition.layers import LAYER_MODELS
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.read_compositions import SharedFields, read_compositions
from ffmpeg_worker.composition.schema import EXAMPLE
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.parse import parse_action
from support.extent import examples

SECRET = "canary7f3a"
MODELS: list[type[Node]] = [*LAYER_MODELS.values(), TextStyle]
FIELDS = sorted({key for model in MODELS for key in field_names(model)})
KEYS = st.sampled_from(
    [
        *FIELDS,
        "time",
        "value",
        "easing",
        "in",
        "out",
        "url",
        "path",
        "fontSize",
        "config",
        "nodes",
        "end",
        "padding",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400)])
    | st.floats()
    | st.sampled_from(
        ["auto", "after:a", "50%", "red", "fade", "{{a}}", "{{b|1}}", "x {{a}}", "#fff", "a", SECRET]
    )
    | st.just(f"https://x/?sig={SECRET}")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
LAYERS = st.builds(
    lambda kind, fields: (
        {"type": kind, "text": "x", "src": "a"} | fields if kind == "text" else {"type": kind} | fields
    ),
    st.sampled_from(list(LAYER_MODELS)),
    st.dictionaries(KEYS, VALUES, max_size=4),
)
COMPOSITIONS = st.fixed_dictionaries(
    {"layers": st.lists(LAYERS | VALUES, max_size=3) | VALUES},
    optional={
        "width": SCALARS,
        "fps": SCALARS,
        "duration": SCALARS,
        "background": SCALARS,
        "nodes": st.lists(VALUES, max_size=2),
        "dimensions": VALUES,
        "fonts": VALUES,
        "audio": VALUES,
        "variables": VALUES | st.just({"a": 1}) | st.just([{"a": SECRET}, {}]),
    },
)


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items: Any = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in items:
        yield (*above, key)
        yield from places(item, (*above, key))


def replace_value(place: tuple[str | int, ...], value: Any) -> Any:
    """Return the example with another value in one place."""
    copy: Any = json.loads(json.dumps(EXAMPLE))
    copy["variables"]["a"] = 1
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


MUTATED = st.builds(replace_value, st.sampled_from(sorted(places(EXAMPLE), key=str)), VALUES)


@given(COMPOSITIONS | MUTATED, st.none() | VALUES, st.none() | VALUES)
@settings(max_examples=examples(600), deadline=None)
def test_any_json_is_a_composition_or_an_invalid_job(value: Any, audio: Any, variables: Any) -> None:
    for shared in (SharedFields(), SharedFields(audio=audio, variables=variables)):
        try:
            for composition in read_compositions(value, shared=shared):
                echo = json.dumps(composition.model_dump(mode="json"))
                if "{{" not in echo:  # a variable's value may itself look like a placeholder
                    assert read_compositions(json.loads(echo)) == (composition,)
        except InvalidJob as error:
            problem = json.dumps(error.as_problem())
            assert SECRET not in problem


@given(COMPOSITIONS | VALUES, st.dictionaries(st.sampled_from(["t", "output", "crf", "poster", "row"]), SCALARS))
@settings(max_examples=examples(200), deadline=None)
def test_any_body_is_a_job_or_an_invalid_job(value: Any, more: Any) -> None:
    for body in (value, {"json": value, **more}):
        for action in ("canvas", "canvas_preview"):
            try:
                parse_action(action, body)
            except InvalidJob as error:
                problem = json.dumps(error.as_problem())
                assert SECRET not in problem


@given(st.text(alphabet="{}|!=ab '\"1.", max_size=30), st.dictionaries(st.sampled_from("ab"), SCALARS))
def test_any_text_is_a_condition_or_an_invalid_job(text: str, variables: Any) -> None:
    try:
        assert evaluate_condition(text, variables, "condition") in {True, False}
    except InvalidJob as error:
        where = error.where
        assert where == {"field": "condition"}
