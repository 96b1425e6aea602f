"""Words of other tools lead to the field or the type that means the same."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.layers import LAYER_MODELS
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.other_words import _MEANINGS, _TYPES, explain_key
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import field_names
from ffmpeg_worker.job.parse import parse_job

VIDEO = {"type": "video", "src": "a.mp4"}
KEYFRAMES = [{"time": 0, "value": 1}, {"time": 1, "value": 2}]


def hint_for(layer: dict[str, Any]) -> str:
    with pytest.raises(InvalidJob) as caught:
        parse_job({"action": "canvas", "data": {"json": {"layers": [layer]}}})
    return caught.value.hint or ""


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("trimStart", '"trim": {"start": 2}'),
        ("trim-end", '"trim": {"end": 5}'),
        ("end", '"start" and "duration"'),
        ("endTime", '"start" and "duration"'),
        ("position", '"x" and "y"'),
        ("left", '"x"'),
        ("size", '"width", "height"'),
        ("filter", '"blur", "opacity"'),
        ("animation", '"transition"'),
        ("keyframes", '"opacity": [{"time": 0'),
        ("opacty", 'Did you mean "opacity"?'),
        ("widht", 'Did you mean "width"?'),
        ("xyzzy", "Known fields are"),
    ],
)
def test_unknown_fields(key: str, hint: str) -> None:
    assert hint in hint_for({**VIDEO, key: 1})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("voice", '"type": "audio"'),
        ("photo", '"type": "image"'),
        ("caption", '"type": "text"'),
        ("captions", '"type": "subtitles"'),
        ("circle", '"type": "shape"'),
        ("imge", 'Did you mean "image"?'),
        ("xyzzy", "Types are"),
    ],
)
def test_unknown_types(name: str, hint: str) -> None:
    assert hint in hint_for({"type": name})


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "text", "text": "a", "style": {"font_size": KEYFRAMES}},
        {"type": "text", "text": "a", "style": {"stroke": {"width": KEYFRAMES}}},
        {"type": "text", "text": "a", "z": KEYFRAMES},
        {"type": "shape", "shape": "path", "path": KEYFRAMES},
        {**VIDEO, "speed": KEYFRAMES},
    ],
)
def test_keyframes_of_a_field_that_has_none(layer: dict[str, Any]) -> None:
    assert "no keyframes" in hint_for(layer)


def test_every_meaning_belongs_to_a_field_and_no_word_is_one_itself() -> None:
    models: list[type[Node]] = [*LAYER_MODELS.values(), Composition]
    fields = {key for model in models for key in field_names(model)}
    assert {meaning.field for meaning in _MEANINGS} <= fields
    assert set(_TYPES) <= set(LAYER_MODELS)
    words = [word for meaning in _MEANINGS for word in meaning.words.split()]
    assert all(explain_key(word, fields) for word in words)
