"""The legacy schema is converted to the current one, and errors keep its paths."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ffmpeg_worker.composition.read_compositions import SharedFields, read_compositions
from ffmpeg_worker.errors import InvalidJob

OLDER: dict[str, Any] = {
    "dimensions": {"width": 640, "height": 360},
    "nodes": [
        {"type": "video", "config": {"src": "a.mp4", "startTime": 0, "endTime": 5, "trimStart": 2, "fadeIn": 1}},
        {
            "type": "text",
            "id": "title",
            "config": {
                "content": "Hi {{name}}",
                "fontSize": 32,
                "color": "red",
                "style": {"fontWeight": "bold"},
                "backgroundColor": "#000",
                "position": {"x": 10, "y": "20%"},
                "endTime": 3,
                "startTime": 1,
                "fadeIn": 0.5,
            },
        },
        {"type": "circle", "config": {"size": {"width": 50, "height": 50}, "fill": "blue"}},
    ],
}
SOUNDS = [{"url": "a.mp3", "startTime": 1, "endTime": 4, "fadeIn": 1, "fadeOut": 2, "volume": 0.5}]


def test_it_becomes_todays_shape() -> None:
    [composition] = read_compositions(OLDER, shared=SharedFields(audio=SOUNDS, variables={"name": "Ada"}))
    [today] = read_compositions(
        {
            "width": 640,
            "height": 360,
            "variables": {"name": "Ada"},
            "layers": [
                {"type": "video", "src": "a.mp4", "start": 0, "duration": 5, "trim": {"start": 2}, "fade_in": 1},
                {
                    "type": "text",
                    "id": "title",
                    "text": "Hi Ada",
                    "x": 10,
                    "y": "20%",
                    "start": 1,
                    "duration": 2,
                    "style": {
                        "font_size": 32,
                        "font_weight": 700,
                        "color": "red",
                        "background": {"color": "#000"},
                    },
                    "transition": {"in": {"type": "fade", "duration": 0.5}},
                },
                {"type": "shape", "shape": "ellipse", "width": 50, "height": 50, "fill": "blue"},
                {
                    "type": "audio",
                    "src": "a.mp3",
                    "start": 1,
                    "duration": 3,
                    "fade_in": 1,
                    "fade_out": 2,
                    "volume": 0.5,
                },
            ],
        }
    )
    assert composition == today


def spoiled(place: list[str | int], value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(OLDER))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return dict(copy)


@pytest.mark.parametrize(
    ("place", "value", "field", "word"),
    [
        (["dimensions", "height"], 0, "json.dimensions.height", "greater"),
        (["dimensions", "heigth"], 5, "json.dimensions.heigth", '"height"'),
        (["dimensions"], 5, "json.dimensions", "known"),
        (["nodes"], {}, "json.nodes", "list"),
        (["nodes", 0], 5, "json.nodes[0]", "object"),
        (["nodes", 0, "type"], "vidoe", "json.nodes[0]", '"video"'),
        (["nodes", 0, "config", "src"], "", "json.nodes[0].config.src", "at least 1"),
        (["nodes", 0, "config", "endTime"], 0, "json.nodes[0].config.endTime", "greater"),
        (["nodes", 0, "config", "endTime"], "5s", "json.nodes[0].config.endTime", "seconds"),
        (["nodes", 0, "config", "trimStart"], -1, "json.nodes[0].config.trimStart", "greater"),
        (["nodes", 1, "config", "fontSize"], -1, "json.nodes[1].config.fontSize", "greater"),
        (["nodes", 1, "config", "fontSise"], 1, "json.nodes[1].config.fontSise", "font_size"),
        (["nodes", 1, "config", "style", "fontWeight"], "bolt", "json.nodes[1].config.style.fontWeight", "bold"),
        (["nodes", 1, "config", "backgroundColor"], "bluu", "json.nodes[1].config.backgroundColor", "blue"),
        (["nodes", 1, "config", "position"], {"x": "5px"}, "json.nodes[1].config.position.x", "as a number"),
        (["nodes", 1, "config", "content"], "{{nope}}", "json.nodes[1].config.content", "given"),
        (["nodes", 1, "config", "fadeIn"], -1, "json.nodes[1].config.fadeIn", "greater"),
        (["nodes", 2, "config", "fill"], "bluu", "json.nodes[2].config.fill", "blue"),
    ],
)
def test_errors_keep_its_paths(place: list[str | int], value: Any, field: str, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_compositions(spoiled(place, value), at="json", shared=SharedFields(variables={"name": "Ada"}))
    assert caught.value.where == {"field": field}
    assert word in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("audio", "field"),
    [
        (5, "data.audio"),
        ([5], "data.audio[0]"),
        ([{"startTime": 1}], "data.audio[0].src"),
        ([{"url": "a", "volume": -1}], "data.audio[0].volume"),
        ([{"url": "a", "startTime": 2, "endTime": 1}], "data.audio[0].endTime"),
        ([{"url": "a", "fadIn": 1}], "data.audio[0].fadIn"),
        ([{"url": "a"}] * 101, "data.audio"),
    ],
)
def test_sounds_beside_it_have_paths_too(audio: Any, field: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_compositions(OLDER | {"variables": {"name": "x"}}, shared=SharedFields(audio=audio, path="data"))
    assert caught.value.where == {"field": field}
