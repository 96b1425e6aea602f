"""Invalid compositions are refused with their original JSON path, a sentence and a hint."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.budgets import MAX_GROUP_DEPTH, MAX_KEYFRAMES, MAX_LAYERS, MAX_TEXT
from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.errors import InvalidJob

TEXT = {"type": "text", "text": "x"}
NAN = float("nan")


def text(**fields: Any) -> dict[str, Any]:
    return {"layers": [TEXT | fields]}


def nested(depth: int) -> dict[str, Any]:
    layer: dict[str, Any] = TEXT
    for _ in range(depth):
        layer = {"type": "group", "layers": [layer]}
    return {"layers": [layer]}


def keys(*keyframes: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"time": time, "value": value} for time, value in keyframes]


BAD: list[tuple[Any, str, str | None, str]] = [
    ([], "invalid_job", None, "object"),
    ({}, "missing_field", "layers", "required"),
    ({"layers": []}, "invalid_value", "layers", "at least 1 item"),
    ({"layers": {}}, "invalid_value", "layers", "list"),
    ({"layers": [5]}, "invalid_value", "layers[0]", "object"),
    ({"layers": [{}]}, "invalid_value", "layers[0]", 'no "type"'),
    ({"layers": [{"type": "xyz"}]}, "invalid_value", "layers[0]", "Types are video"),
    ({"layers": [{"type": "hiden"}]}, "invalid_value", "layers[0]", "Types are video"),
    ({"layers": [{"type": "text"}]}, "missing_field", "layers[0].text", "required"),
    (text(lenght=5), "unknown_field", "layers[0].lenght", '"length"'),
    (text(font_size=5), "unknown_field", "layers[0].font_size", 'Move it into "style"'),
    (text(style={"fontsize": 5}), "unknown_field", "layers[0].style.fontsize", '"font_size"'),
    (text(duration=1, length=1), "invalid_value", "layers[0]", "twice"),
    (
        {"elements": [TEXT | {"style": {"fontSize": -1}}]},
        "invalid_value",
        "elements[0].style.fontSize",
        "greater than 0",
    ),
    (text(style={"font_size": "64px"}), "invalid_value", "layers[0].style.font_size", "as a number"),
    (text(x="12px"), "invalid_value", "layers[0].x", "as a number"),
    (text(scale="2x"), "invalid_value", "layers[0].scale", "without a unit"),
    (text(x=True), "invalid_value", "layers[0].x", "number"),
    (text(x=NAN), "invalid_value", "layers[0].x", "number"),
    (text(opacity=NAN), "invalid_value", "layers[0].opacity", "finite"),
    (text(start=NAN), "invalid_value", "layers[0].start", "between"),
    (text(x=10**400), "invalid_value", "layers[0].x", "between"),
    (text(width=0), "invalid_value", "layers[0].width", "greater than 0"),
    (text(width=[{"time": 0, "value": "-5%"}]), "invalid_value", "layers[0].width[0].value", "greater than 0"),
    (text(duration=0), "invalid_value", "layers[0].duration", "duration of the content"),
    (text(opacity=1.5), "invalid_value", "layers[0].opacity", "less than or equal to 1"),
    (text(text="x" * 100_000), "invalid_value", "layers[0].text", str(MAX_TEXT)),
    (text(text=""), "invalid_value", "layers[0].text", "at least 1 character"),
    (text(scale=keys((1, 1), (0, 1))), "invalid_value", "layers[0].scale", "out of order"),
    (text(scale=keys((1, 1), (1, 2))), "invalid_value", "layers[0].scale", "out of order"),
    (text(scale=keys((0, 1), (-1, 2))), "invalid_value", "layers[0].scale[1].time", "greater than or equal to 0"),
    (text(scale=keys((0, "x"))), "invalid_value", "layers[0].scale[0].value", "number"),
    (text(scale=[{"time": 0}]), "missing_field", "layers[0].scale[0].value", "required"),
    (text(scale=[{"tiem": 0, "value": 1}]), "unknown_field", "layers[0].scale[0].tiem", '"time"'),
    (text(scale=[]), "invalid_value", "layers[0].scale", "at least 1 item"),
    (text(scale=keys(*((n, 1) for n in range(MAX_KEYFRAMES + 1)))), "invalid_value", "layers[0].scale", "1000"),
    (
        text(scale=[{"time": 0, "value": 1, "easing": "ease-inout"}]),
        "invalid_value",
        "layers[0].scale[0].easing",
        '"ease-in-out"',
    ),
    (text(style={"color": keys((0, "redd"))}), "invalid_value", "layers[0].style.color[0].value", '"red"'),
    (text(style={"shadow": {"blur": -1}}), "invalid_value", "layers[0].style.shadow.blur", "negative"),
    (text(style={"shadow": [{}, {"blur": -1}]}), "invalid_value", "layers[0].style.shadow[1].blur", "negative"),
    (
        text(style={"background": {"padding": -1}}),
        "invalid_value",
        "layers[0].style.background.padding",
        "negative",
    ),
    (text(style={"preset": "karaok"}), "invalid_value", "layers[0].style.preset", '"karaoke"'),
    (text(style={"font_weight": "bolt"}), "invalid_value", "layers[0].style.font_weight", '"bold"'),
    (text(transition={"in": "fad"}), "invalid_value", "layers[0].transition.in", '"fade"'),
    (text(transition={"inn": "fade"}), "unknown_field", "layers[0].transition.inn", '"in"'),
    (text(blend="mutliply"), "invalid_value", "layers[0].blend", '"multiply"'),
    (text(anchor="topp"), "invalid_value", "layers[0].anchor", '"top"'),
    (text(id="a b"), "invalid_value", "layers[0].id", "letters"),
    (text(start="5s"), "invalid_value", "layers[0].start", "after:"),
    (text(start=-1), "invalid_value", "layers[0].start", "between 0"),
    (text(duration=1e6), "invalid_value", "layers[0].duration", "14400"),
    (text(condition="{{a}} > 5"), "invalid_value", "layers[0].condition", "=="),
    ({"width": 0, "layers": [TEXT]}, "invalid_value", "width", "greater than or equal to 2"),
    ({"width": 1.5, "layers": [TEXT]}, "invalid_value", "width", "whole number"),
    ({"width": 7680, "height": 4320, "layers": [TEXT]}, "invalid_value", "width", "4096"),
    ({"width": 4096, "height": 4096, "layers": [TEXT]}, "invalid_value", None, "pixels"),
    ({"fps": 0, "layers": [TEXT]}, "invalid_value", "fps", "between 1 and 120"),
    ({"fps": "30/0", "layers": [TEXT]}, "invalid_value", "fps", "30000/1001"),
    ({"duration": 0, "layers": [TEXT]}, "invalid_value", "duration", "greater than 0"),
    ({"background": "#12345", "layers": [TEXT]}, "invalid_value", "background", "color"),
    ({"layers": [TEXT] * (MAX_LAYERS + 1)}, "too_many_layers", "layers", "500"),
    ({"layers": [{"type": "group", "layers": [TEXT] * 400}] * 2}, "too_many_layers", "layers", "500"),
    ({"layers": [TEXT] * 51, "variables": [{}] * 100}, "too_many_layers", None, "5000"),
    (
        {"layers": [TEXT | {"opacity": keys(*((n, 1) for n in range(1000)))}] * 24, "variables": [{}] * 100},
        "composition_too_large",
        None,
        "fewer rows",
    ),
    (text(text="{{a}}" * 200_000) | {"variables": {"a": ""}}, "composition_too_large", None, "fewer rows"),
    (text(text="{{a}}" * 17) | {"variables": {"a": "x" * 5000}}, "invalid_value", "layers[0].text", "80000"),
    (
        {"layers": [TEXT | {"text": "{{a}}"}] * 50, "variables": [{"a": "x" * 5000}] * 20},
        "composition_too_large",
        None,
        "4000000",
    ),
    (text(x="1" * 100_000), "invalid_value", "layers[0].x", "50%"),
    (text(**{"k" * 1000: 1}), "unknown_field", f"layers[0].{'k' * 190}", "not a known field"),
    (nested(MAX_GROUP_DEPTH + 1), "invalid_value", "layers", "8 levels deep"),
    ({"layers": [{"type": "video", "src": ""}]}, "invalid_value", "layers[0].src", "at least 1"),
    ({"layers": [{"type": "video", "url": 5}]}, "invalid_value", "layers[0].url", "text"),
    (
        {"layers": [{"type": "video", "src": "a", "trim": {"start": 2, "end": 1}}]},
        "invalid_value",
        "layers[0].trim",
        "before",
    ),
    ({"layers": [{"type": "waveform"}]}, "invalid_value", "layers[0]", '"src" or "layer"'),
    ({"layers": [{"type": "subtitles"}]}, "invalid_value", "layers[0]", '"src" or "cues"'),
    ({"layers": [{"type": "shape", "shape": "path"}]}, "invalid_value", "layers[0]", "path"),
    (
        {"layers": [{"type": "shape", "fill": {"gradient": ["red"]}}]},
        "invalid_value",
        "layers[0].fill.gradient",
        "2",
    ),
    (
        {"layers": [{"type": "shape", "shape": "polygon", "points": [[0, 0]]}]},
        "invalid_value",
        "layers[0]",
        "3 points",
    ),
    ({"layers": [TEXT | {"id": "a"}, TEXT | {"id": "a"}]}, "duplicate_id", "layers[1].id", "two layers"),
    (
        {"layers": [TEXT | {"id": "intro"}, TEXT | {"time": "after:intr"}]},
        "unknown_layer",
        "layers[1].time",
        '"intro"',
    ),
    (text(id="a", start="after:a"), "circular_start", "layers[0].start", "itself"),
    (
        {"layers": [TEXT | {"id": "a", "start": "after:b"}, TEXT | {"id": "b", "start": "auto"}]},
        "circular_start",
        "layers[0].start",
        "itself",
    ),
    (
        {"layers": [{"type": "group", "layers": [TEXT | {"id": "a"}]}, TEXT | {"start": "after:a"}]},
        "unknown_layer",
        "layers[1].start",
        "same list",
    ),
    (
        text(transition={"in": {"type": "fade", "overlap": True}}),
        "invalid_value",
        "layers[0].transition.in.overlap",
        "after",
    ),
    (
        {"layers": [TEXT | {"id": "a"}, {"type": "audio", "src": "a", "duck_under": ["a"]}]},
        "invalid_value",
        "layers[1].duck_under[0]",
        "sound",
    ),
    ({"layers": [{"type": "waveform", "layer": "voice"}]}, "unknown_layer", "layers[0].layer", "no layer"),
    ({"variables": {"a b": 1}, "layers": [TEXT]}, "invalid_value", "variables", "name"),
    ({"variables": {"a": []}, "layers": [TEXT]}, "invalid_value", "variables.a", "string"),
    ({"variables": [], "layers": [TEXT]}, "invalid_value", "variables", "1 to 100"),
    ({"variables": [{}] * 101, "layers": [TEXT]}, "invalid_value", "variables", "1 to 100"),
]  # fmt: skip


@pytest.mark.parametrize(("composition", "code", "field", "word"), BAD)
def test_refused(composition: Any, code: str, field: str | None, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_compositions(composition)
    error = caught.value
    assert (error.code, error.where.get("field")) == (code, field)
    assert word in f"{error.message} {error.hint}"


def test_a_path_begins_where_the_composition_stands() -> None:
    with pytest.raises(InvalidJob) as caught:
        read_compositions(text(x="1px"), at="data.json")
    assert caught.value.where == {"field": "data.json.layers[0].x"}
    assert '"data.json.layers[0].x"' in caught.value.message


def test_the_most_that_is_let_in() -> None:
    read_compositions({"layers": [TEXT] * MAX_LAYERS})
    read_compositions(nested(MAX_GROUP_DEPTH))
    read_compositions({"width": 4096, "height": 2304, "layers": [TEXT]})
    read_compositions({"width": 2304, "height": 4096, "layers": [TEXT]})
    read_compositions(text(text="x" * MAX_TEXT))
