"""Layers that show or play a file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ffmpeg_worker.budgets import MAX_SRC
from ffmpeg_worker.composition.choices import Fit, WaveformLook
from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.keyframes import AnimatedPan, AnimatedVolume
from ffmpeg_worker.composition.layer_base import ChromaKey, TimedLayer, Trim, VisualLayer
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.timing import LayerId, Seconds
from ffmpeg_worker.frozen_model import require_one
from ffmpeg_worker.validation_errors import wrong_value

Src = Annotated[str, Field(min_length=1, max_length=MAX_SRC)]
SRC_DESCRIPTION = "URL, path under the data root, or name of one of the job's inputs."
"""What a `src` may be, for the description of the field."""

_PictureFit = Annotated[
    Fit,
    Field(
        description="How the picture fills its box, as `object-fit` in CSS. `contain-blur` fills the bars with "
        "the blurred picture.",
        examples=["contain"],
    ),
]
_PictureKey = Annotated[
    ChromaKey | None, Field(description="A color that becomes transparent.", examples=[{"color": "#00ff00"}])
]


class AudioFields(Node):
    """Fields of layers with sound."""

    trim: Trim | None = Field(
        None, description="Part of the file that is used.", examples=[{"start": 2, "end": 8}]
    )
    volume: AnimatedVolume = Field(1.0, description="Volume factor; 0 is silent.", examples=[0.6])
    pan: AnimatedPan = Field(0.0, description="Stereo position, -1 (left) to 1 (right).", examples=[-0.5])
    muted: bool = Field(False, description="Whether the sound is off.", examples=[True])
    fade_in: Seconds = Field(
        0.0, description="Duration of the fade at the start of the sound, in seconds.", examples=[1]
    )
    fade_out: Seconds = Field(
        0.0, description="Duration of the fade at the end of the sound, in seconds.", examples=[2]
    )
    speed: float = Field(1.0, ge=0.1, le=16, description="Playback speed; keeps the pitch.", examples=[1.5])
    loop: bool = Field(False, description="Whether to start again at the end of the file.", examples=[True])
    duck_under: tuple[LayerId, ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=50,
        description="Ids of layers: this layer is quieter while one of them is audible.",
        examples=[["voice"]],
    )


class VideoLayer(VisualLayer, AudioFields):
    """A video with its sound."""

    type: Literal["video"] = Field(description="Type of the layer.", examples=["video"])
    src: Src = Field(repr=False, description=SRC_DESCRIPTION, examples=["clips/intro.mp4"])
    fit: _PictureFit = "cover"
    chroma_key: _PictureKey = None


class ImageLayer(VisualLayer):
    """An image; animated images play."""

    type: Literal["image"] = Field(description="Type of the layer.", examples=["image"])
    src: Src = Field(repr=False, description=SRC_DESCRIPTION, examples=["pictures/logo.png"])
    fit: _PictureFit = "cover"
    loop: bool = Field(True, description="Whether an animated image repeats.", examples=[True])
    chroma_key: _PictureKey = None


class AudioLayer(TimedLayer, AudioFields):
    """Audio without a picture."""

    type: Literal["audio"] = Field(description="Type of the layer.", examples=["audio"])
    src: Src = Field(
        repr=False,
        description=f"{SRC_DESCRIPTION} Or `tone:440`, a sine of 440 Hz, and `tone:262+330+392`, a chord, which "
        "last as long as the layer; without a duration, one second.",
        examples=["music/theme.mp3"],
    )


class WaveformLayer(VisualLayer):
    """The level of a sound as animated bars or a line."""

    model_config = ConfigDict(json_schema_extra=require_one("src", "layer"))

    type: Literal["waveform"] = Field(description="Type of the layer.", examples=["waveform"])
    src: Src | None = Field(
        None, repr=False, description=f"Audio file: {SRC_DESCRIPTION}", examples=["music/theme.mp3"]
    )
    layer: LayerId | None = Field(
        None, description="Id of the layer whose sound is shown, instead of `src`.", examples=["voice"]
    )
    look: WaveformLook = Field("bars", description="Bars, or a line.", examples=["line"])
    color: Color = Field("#ffffff", description="Color of the bars or the line.", examples=["#ff8800"])
    bars: int = Field(48, ge=2, le=512, description="Number of bars.", examples=[48])

    @model_validator(mode="after")
    def _check_one_source(self) -> Self:
        if (self.src is None) == (self.layer is None):
            raise wrong_value('needs either "src" or "layer"', '"layer" is the id of a layer with sound.')
        return self


class HiddenLayer(Node):
    """Placeholder of a layer whose condition does not hold: invisible, silent, and of no duration.

    It keeps the positions of the layers after it in the JSON, and `after:` finds its id.
    """

    type: Literal["hidden"] = Field(description="Type of the layer.", examples=["hidden"])
    id: LayerId | None = Field(None, description="Id of the layer.", examples=["badge"])
