"""Describes a preset for the API: its inputs, its parameters as JSON Schema, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.planning.presets.preset import InputSlot, Preset
from ffmpeg_worker.planning.presets.table import PRESETS

_NULL = {"type": "null"}
_EXAMPLE_FILES = {"video": "clips/intro.mp4", "audio": "music/theme.mp3", "file": "captions.srt"}


class PresetInputEntry(ResultModel):
    """An input of a preset."""

    name: str = Field(description="Name that the input may have in `inputs`.", examples=["video"])
    kind: str = Field(
        description="`video` (or a picture), `audio`, `video or audio`, a `file` such as subtitles, or `any`.",
        examples=["video"],
    )
    description: str = Field(description="What it is.", examples=["The video."])
    at_least: int = Field(description="How many there must be.", examples=[1])
    at_most: int = Field(description="How many there may be.", examples=[1])


class PresetEntry(ResultModel):
    """A preset."""

    name: str = Field(description="Value of `preset` in a job.", examples=["gif"])
    description: str = Field(description="What it does.", examples=["Make an animated GIF."])
    is_operators: bool = Field(description="Whether the operator of the worker has added it.", examples=[False])
    inputs: tuple[PresetInputEntry, ...] = Field(description="Its inputs, in order.", examples=[[]])
    output: str = Field(
        description="Default of `output`; without a suffix it gets that of the first input.",
        examples=["animation.gif"],
    )
    output_suffixes: tuple[str, ...] = Field(
        description="What `output` may end with; the end chooses the format.", examples=[[".gif"]]
    )
    writes: str | None = Field(None, description="Further results.", examples=["A WebVTT track."])
    parameters: Mapping[str, Any] = Field(
        description="JSON Schema of the parameters.", examples=[{"type": "object", "properties": {}}]
    )
    example: Mapping[str, Any] = Field(
        description="A job with the preset.",
        examples=[{"action": "process", "data": {"preset": "gif", "input": "clips/intro.mp4"}}],
    )


class PresetList(ResultModel):
    """All presets."""

    presets: tuple[PresetEntry, ...] = Field(
        description="Those of the worker, then the operator's.", examples=[[]]
    )


def describe_preset(preset: Preset) -> PresetEntry:
    """Return the entry of a preset in `GET /api/presets`."""
    return PresetEntry(
        name=preset.name,
        description=preset.summary,
        is_operators=preset.name not in PRESETS,
        inputs=tuple(_describe_slot(slot) for slot in preset.slots),
        output=preset.output,
        output_suffixes=preset.suffixes,
        writes=preset.writes,
        parameters=parameters_schema(preset),
        example=make_example(preset),
    )


def parameters_schema(preset: Preset) -> dict[str, Any]:
    """The JSON Schema of the parameters of a preset."""
    schema = preset.parameters.model_json_schema()
    properties = {name: _without_null(rule) for name, rule in schema.get("properties", {}).items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def make_example(preset: Preset) -> dict[str, Any]:
    """A job with the preset."""
    kinds = [slot for slot in preset.slots for _ in range(slot.at_least)]
    names = {f"in_{number}": _example_file(slot, number) for number, slot in enumerate(kinds, start=1)}
    inputs = {"inputs": names} if len(names) > 1 else {}
    one = {"input": names["in_1"]} if len(names) == 1 else {}
    return {"action": "process", **inputs, "data": {"preset": preset.name, **one, **preset.example}}


def _example_file(slot: InputSlot, number: int) -> str:
    if slot.name == "mark":
        return "logo.png"
    if slot.name == "clips":
        return f"clips/{number}.mp4"
    return _EXAMPLE_FILES.get(slot.kind.value, "clips/intro.mp4")


def _describe_slot(slot: InputSlot) -> PresetInputEntry:
    return PresetInputEntry(
        name=slot.name,
        kind=slot.kind.value,
        description=slot.meaning,
        at_least=slot.at_least,
        at_most=slot.at_most,
    )


def _without_null(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a parameter by what it takes: null only means that it is not given."""
    plain = {key: value for key, value in rule.items() if key != "title"}
    choices = [choice for choice in plain.get("anyOf", ()) if choice != _NULL]
    if "anyOf" in plain and len(choices) == 1:
        del plain["anyOf"]
        plain = {**choices[0], **plain}
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain
