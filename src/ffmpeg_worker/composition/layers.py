"""All types of layers, including groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from ffmpeg_worker.budgets import MAX_LAYERS
from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.lengths import SERIALIZED
from ffmpeg_worker.composition.media_layers import AudioLayer, HiddenLayer, ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.composition.node import MIN_SIMILARITY, Node, snake_case
from ffmpeg_worker.composition.other_words import explain_type
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer, TextLayer
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value


def _read_layer(value: Any) -> Any:
    if isinstance(value, (TimedLayer, HiddenLayer)):
        return value
    if not isinstance(value, Mapping):
        raise wrong_value("must be an object", 'For example {"type": "text", "text": "Hello"}.')
    name = value.get("type")
    model = LAYER_MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        raise wrong_value(
            'has an unknown "type"' if "type" in value else 'has no "type"',
            (_suggest_type(name) if isinstance(name, str) else None) or f"Types are {', '.join(_PUBLIC_TYPES)}.",
        )
    return model.model_validate(value)


def _suggest_type(name: str) -> str | None:
    return did_you_mean(name, _PUBLIC_TYPES, cutoff=MIN_SIMILARITY) or explain_type(snake_case(name))


class GroupLayer(VisualLayer):
    """Layers that are placed, transformed and faded as one picture."""

    type: Literal["group"] = Field(description="Type of the layer.", examples=["group"])
    layers: Layers = Field(
        description="Layers of the group, the last one on top. Positions and times are relative to the group.",
        examples=[[{"type": "text", "text": "Hello"}]],
    )


SingleLayer = VideoLayer | ImageLayer | TextLayer | ShapeLayer | SubtitlesLayer | WaveformLayer
"""Types of layers that are drawn, except groups."""

VisibleLayer = SingleLayer | GroupLayer

Layer = VisibleLayer | AudioLayer | HiddenLayer

LAYER_MODELS: Mapping[str, type[Node]] = {
    "video": VideoLayer,
    "image": ImageLayer,
    "text": TextLayer,
    "shape": ShapeLayer,
    "group": GroupLayer,
    "subtitles": SubtitlesLayer,
    "audio": AudioLayer,
    "waveform": WaveformLayer,
    "hidden": HiddenLayer,
}
_PUBLIC_TYPES = tuple(name for name in LAYER_MODELS if name != "hidden")
_PublicLayer = VisibleLayer | AudioLayer

Layers = Annotated[
    tuple[Annotated[Layer, PlainValidator(_read_layer, json_schema_input_type=_PublicLayer), SERIALIZED], ...],
    # Errors have hints that take long to find: one is shown, so one is enough.
    Field(strict=False, fail_fast=True, max_length=MAX_LAYERS),
]
"""In painter's order: the last layer is on top."""

GroupLayer.model_rebuild()
