"""Layers that show or play a file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.layer_base import ChromaKey, Fit, TimedLayer, Trim, VisualLayer
from ffmpeg_worker.composition.limits import MAX_DURATION_S, MAX_SRC
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.timing import LayerId
from ffmpeg_worker.composition.values import AnimatedPan, AnimatedVolume
from ffmpeg_worker.validation_errors import wrong_value

Src = Annotated[str, Field(min_length=1, max_length=MAX_SRC)]
_SRC = "URL, path under the data root, or name of an input of the job."


class Sounding(Node):
    """What plays a sound."""

    trim: Trim | None = Field(
        None, description="Which part of the file is used.", examples=[{"start": 2, "end": 8}]
    )
    volume: AnimatedVolume = Field(1.0, description="Factor of its loudness: 0 is silence.", examples=[0.6])
    pan: AnimatedPan = Field(0.0, description="-1 is left, 1 is right.", examples=[-0.5])
    muted: bool = Field(False, description="No sound at all.", examples=[True])
    fade_in: float = Field(
        0.0,
        ge=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Seconds in which the sound comes.",
        examples=[1],
    )
    fade_out: float = Field(
        0.0,
        ge=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Seconds in which the sound goes.",
        examples=[2],
    )
    speed: float = Field(
        1.0,
        ge=0.1,
        le=16,
        allow_inf_nan=False,
        description="How fast it plays; the pitch stays.",
        examples=[1.5],
    )
    loop: bool = Field(False, description="At its end it starts again.", examples=[True])
    duck_under: tuple[LayerId, ...] = Field(
        (),
        strict=False,
        max_length=50,
        description="Ids of layers while whose sound is heard this one is quieter.",
        examples=[["voice"]],
    )


class VideoLayer(VisualLayer, Sounding):
    """Moving pictures with their sound."""

    type: Literal["video"] = Field(description="The kind of layer.", examples=["video"])
    src: Src = Field(repr=False, description=_SRC, examples=["clips/intro.mp4"])
    fit: Fit = Field(
        "cover",
        description="How it fills its box, as in CSS; `contain-blur` fills the rest.",
        examples=["contain"],
    )
    chroma_key: ChromaKey | None = Field(
        None, description="A color that becomes transparent.", examples=[{"color": "#00ff00"}]
    )


class ImageLayer(VisualLayer):
    """A picture; animated ones play."""

    type: Literal["image"] = Field(description="The kind of layer.", examples=["image"])
    src: Src = Field(repr=False, description=_SRC, examples=["pictures/logo.png"])
    fit: Fit = Field(
        "cover",
        description="How it fills its box, as in CSS; `contain-blur` fills the rest.",
        examples=["contain"],
    )
    loop: bool = Field(True, description="Whether an animated one plays again and again.", examples=[True])
    chroma_key: ChromaKey | None = Field(
        None, description="A color that becomes transparent.", examples=[{"color": "#00ff00"}]
    )


class AudioLayer(TimedLayer, Sounding):
    """A sound."""

    type: Literal["audio"] = Field(description="The kind of layer.", examples=["audio"])
    src: Src = Field(repr=False, description=_SRC, examples=["music/theme.mp3"])


class WaveformLayer(VisualLayer):
    """The loudness of a sound as moving bars or a line."""

    type: Literal["waveform"] = Field(description="The kind of layer.", examples=["waveform"])
    src: Src | None = Field(None, repr=False, description=f"Its sound: {_SRC}", examples=["music/theme.mp3"])
    layer: LayerId | None = Field(
        None, description="Instead of `src`: the id of the layer whose sound is shown.", examples=["voice"]
    )
    look: Literal["bars", "line"] = Field("bars", description="Bars, or one line.", examples=["line"])
    color: Color = Field("#ffffff", description="Of the bars or the line.", examples=["#ff8800"])
    bars: int = Field(48, ge=2, le=512, description="How many bars.", examples=[48])

    @model_validator(mode="after")
    def _have_one_sound(self) -> Self:
        if (self.src is None) == (self.layer is None):
            raise wrong_value(
                'needs "src" or "layer", one of them', '"layer" is the id of a layer that has sound.'
            )
        return self


class HiddenLayer(Node):
    """A layer whose condition does not hold: nothing is seen or heard of it, and it takes no time.

    It stays in its place so that the layers after it keep theirs, and `after:` finds it.
    """

    type: Literal["hidden"] = Field(description="The kind of layer.", examples=["hidden"])
    id: LayerId | None = Field(None, description="The id that it would have.", examples=["badge"])
