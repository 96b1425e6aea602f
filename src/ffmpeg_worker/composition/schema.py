"""The JSON Schema of compositions, for editors."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.composition.composition import Composition

EXAMPLE: dict[str, Any] = {
    "width": 1080,
    "height": 1920,
    "fps": 30,
    "background": "#101018",
    "variables": {"name": "Ada"},
    "fonts": [{"family": "Inter", "src": "fonts/Inter.ttf"}],
    "audio": {"loudness": -14},
    "layers": [
        {
            "id": "bg",
            "type": "video",
            "src": "clips/intro.mp4",
            "trim": {"start": 2, "end": 8},
            "fit": "cover",
            "volume": 0.3,
        },
        {
            "type": "image",
            "src": "pictures/logo.png",
            "x": "95%",
            "y": "5%",
            "anchor": "top-right",
            "width": "20%",
            "opacity": 0.9,
            "radius": 24,
        },
        {
            "type": "text",
            "text": "Hi {{name}}",
            "start": 1,
            "duration": 3,
            "x": "50%",
            "y": "80%",
            "anchor": "center",
            "width": "80%",
            "style": {
                "font_family": "Inter",
                "font_size": 64,
                "font_weight": 700,
                "color": "#ffffff",
                "stroke": {"color": "#000000", "width": 3},
                "shadow": {"y": 4, "blur": 8, "color": "#00000088"},
                "background": {"color": "#00000088", "padding": 16, "radius": 12},
            },
            "transition": {
                "in": {"type": "fade", "duration": 0.4},
                "out": {"type": "slide-down", "duration": 0.3},
            },
        },
        {
            "type": "image",
            "src": "pictures/house.jpg",
            "start": "after:bg",
            "duration": 4,
            "scale": [{"time": 0, "value": 1}, {"time": 4, "value": 1.2, "easing": "ease-in-out"}],
        },
        {
            "type": "shape",
            "shape": "rect",
            "x": 0,
            "y": 0,
            "width": "100%",
            "height": 200,
            "fill": {"gradient": ["#000000", "#00000000"], "angle": 180},
        },
        {"type": "subtitles", "src": "captions.srt", "style": {"preset": "karaoke"}},
        {"id": "voice", "type": "audio", "src": "sound/voice.wav"},
        {
            "type": "audio",
            "src": "music/theme.mp3",
            "duration": "end",
            "volume": [{"time": 0, "value": 0}, {"time": 1, "value": 0.6}],
            "fade_out": 2,
            "duck_under": ["voice"],
        },
    ],
}
"""A composition that shows most features."""

_VARIABLE = {
    "description": "A variable of the composition.",
    "type": "string",
    "pattern": r"\{\{\s*[A-Za-z_][A-Za-z0-9_.-]*\s*(\|[^{}]*)?\}\}",
}


def composition_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12): canonical keys only, and `{{variables}}` wherever a value is allowed."""
    schema = Composition.model_json_schema(by_alias=True, mode="validation")
    definitions = {name: _allow_variables(definition) for name, definition in schema.pop("$defs").items()}
    definitions["Variable"] = _VARIABLE
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Composition",
        **_allow_variables(schema),
        "examples": [EXAMPLE],
        "$defs": definitions,
    }


def _allow_variables(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow a variable as the value of every field except `type`."""
    result = {key: value for key, value in schema.items() if key != "title"}
    if "properties" in schema:
        result["properties"] = {name: _allow_variable(name, field) for name, field in schema["properties"].items()}
    return result


def _allow_variable(name: str, field: dict[str, Any]) -> dict[str, Any]:
    annotations: dict[str, Any] = {
        key: field[key] for key in ("description", "examples", "default") if key in field
    }
    rule = {key: value for key, value in field.items() if key not in {*annotations, "title"}}
    if name == "type" or rule == {"type": "string"}:
        return {**annotations, **rule}
    return {**annotations, "anyOf": [*rule.get("anyOf", [rule]), {"$ref": "#/$defs/Variable"}]}
