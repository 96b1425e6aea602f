"""Text layers and subtitles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from ffmpeg_worker.budgets import MAX_CUES, MAX_TEXT, MAX_WORDS
from ffmpeg_worker.composition.choices import AnimationName, AnimationUnit
from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.media_layers import SRC_DESCRIPTION, Src
from ffmpeg_worker.composition.node import Node, canonical_key, read_type_shorthand
from ffmpeg_worker.composition.placeholder import format_scalar
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.composition.timing import PositiveSeconds, Seconds
from ffmpeg_worker.frozen_model import require_one
from ffmpeg_worker.validation_errors import wrong_value


class TextAnimation(Node):
    """An animation of letters, words or lines, one after the other."""

    type: AnimationName = Field(description="Animation of each unit.", examples=["pop"])
    by: AnimationUnit = Field("letter", description="Unit that is animated.", examples=["word"])
    duration: float = Field(
        0.4, ge=0, le=60, description="Duration of each unit's animation, in seconds.", examples=[0.4]
    )
    stagger: float = Field(0.05, ge=0, le=60, description="Delay between units, in seconds.", examples=[0.05])
    at: Literal["in", "out"] = Field("in", description="At the start or the end of the layer.", examples=["in"])
    easing: Easing | None = Field(
        None,
        description="Easing of each unit's animation. Default: `ease-out`; `pop` goes a little too far and back.",
        examples=["ease-out"],
    )


_AnimationOrName = Annotated[
    TextAnimation, BeforeValidator(read_type_shorthand, json_schema_input_type=TextAnimation | AnimationName)
]


def _read_text(value: Any) -> Any:
    """Accept numbers: a text may consist of a single variable."""
    return value if isinstance(value, (str, type(None), list, dict)) else format_scalar(value)


_Text = Annotated[str, BeforeValidator(_read_text)]


class TextLayer(VisualLayer):
    """Text."""

    nested_fields = ("style",)

    type: Literal["text"] = Field(description="Type of the layer.", examples=["text"])
    text: _Text = Field(
        min_length=1, max_length=MAX_TEXT, description="The text; a newline starts a new line.", examples=["Hello"]
    )
    style: TextStyle = Field(
        default_factory=TextStyle,
        description="Style of the text.",
        examples=[{"font_size": 64, "color": "#ffffff"}],
    )
    animation: _AnimationOrName | None = Field(
        None, description="Animation of its letters, words or lines.", examples=[{"type": "pop", "by": "word"}]
    )


class Word(Node):
    """A word and when it is spoken."""

    text: _Text = Field(min_length=1, max_length=200, description="The word.", examples=["Hello"])
    start: Seconds = Field(description="Start in seconds of the layer.", examples=[0])
    end: PositiveSeconds = Field(description="End in seconds of the layer.", examples=[0.4])


class Cue(Node):
    """Text with its start and end."""

    start: Seconds = Field(description="Start in seconds of the layer.", examples=[0])
    end: PositiveSeconds = Field(description="End in seconds of the layer.", examples=[2])
    text: _Text = Field(max_length=MAX_TEXT, description="Text of the cue.", examples=["Hello world"])
    words: tuple[Word, ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=MAX_WORDS,
        description="Times of the words, in order.",
        examples=[[{"text": "Hello", "start": 0, "end": 0.4}]],
    )


def _read_style(value: Any) -> Any:
    """Outline subtitles by default, as they are usually on top of pictures; a box makes an outline superfluous."""
    if value is None:
        return {"preset": "outline"}
    if not isinstance(value, Mapping) or value.get("preset") is not None:
        return value
    has_box = any(canonical_key(TextStyle, str(key)) == "background" and box for key, box in value.items())
    return {"preset": "outline", **({"stroke": None} if has_box else {}), **value}


class SubtitlesLayer(VisualLayer):
    """Subtitles from a file or from a list of cues."""

    model_config = ConfigDict(json_schema_extra=require_one("src", "cues"))

    nested_fields = ("style",)

    type: Literal["subtitles"] = Field(description="Type of the layer.", examples=["subtitles"])
    src: Src | None = Field(
        None, repr=False, description=f"An .srt, .vtt or .ass file: {SRC_DESCRIPTION}", examples=["captions.srt"]
    )
    cues: tuple[Cue, ...] | None = Field(
        None,
        strict=False,
        fail_fast=True,
        min_length=1,
        max_length=MAX_CUES,
        description="The cues, instead of `src`.",
        examples=[[{"start": 0, "end": 2, "text": "Hello world"}]],
    )
    style: Annotated[TextStyle, BeforeValidator(_read_style)] = Field(
        None,
        validate_default=True,
        description="Style of the text. Default: outlined text; an .ass file keeps its own styling.",
        examples=[{"preset": "karaoke"}],
    )

    @model_validator(mode="after")
    def _check_one_source(self) -> Self:
        if (self.src is None) == (self.cues is None):
            raise wrong_value('needs either "src" or "cues"')
        return self
