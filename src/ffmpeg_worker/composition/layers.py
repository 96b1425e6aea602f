"""Every kind of layer, groups among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.limits import MAX_LAYERS
from ffmpeg_worker.composition.media_layers import AudioLayer, HiddenLayer, ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer, TextLayer
from ffmpeg_worker.composition.values import DUMPED
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value


def layer_model(value: Any) -> type[Node] | None:
    """The model that a layer's `type` names, `None` if it names none."""
    name = value.get("type") if isinstance(value, Mapping) else None
    return LAYER_MODELS.get(name) if isinstance(name, str) else None


def _read_layer(value: Any) -> Any:
    if isinstance(value, (TimedLayer, HiddenLayer)):
        return value
    if not isinstance(value, Mapping):
        raise wrong_value("must be an object", 'For example {"type": "text", "text": "Hello"}.')
    model = layer_model(value)
    if model is None:
        name = value.get("type")
        near = did_you_mean(name, _TOLD) if isinstance(name, str) else None
        raise wrong_value(
            'has a "type" that is not known' if "type" in value else 'has no "type"',
            near or f"Types are {', '.join(_TOLD)}.",
        )
    return model.model_validate(value)


class GroupLayer(VisualLayer):
    """Layers that are placed, turned, faded and cut as one picture."""

    type: Literal["group"] = Field(description="The kind of layer.", examples=["group"])
    layers: Layers = Field(
        description="Its layers, the last one on top; their places and times are relative to the group.",
        examples=[[{"type": "text", "text": "Hello"}]],
    )


VisibleLayer = VideoLayer | ImageLayer | TextLayer | ShapeLayer | GroupLayer | SubtitlesLayer | WaveformLayer
"""Layers that are seen."""

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
_TOLD = tuple(name for name in LAYER_MODELS if name != "hidden")
_Told = VisibleLayer | AudioLayer

Layers = Annotated[
    tuple[Annotated[Layer, PlainValidator(_read_layer, json_schema_input_type=_Told), DUMPED], ...],
    Field(strict=False, max_length=MAX_LAYERS),
]
"""In painter's order: the last one is on top."""

GroupLayer.model_rebuild()
