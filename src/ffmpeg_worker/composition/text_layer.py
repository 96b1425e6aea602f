"""Layers of text: written once, or following what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.limits import MAX_CUES, MAX_DURATION_S, MAX_TEXT, MAX_WORDS
from ffmpeg_worker.composition.media_layers import Src
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.placeholder import as_text
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.validation_errors import wrong_value

AnimationName = Literal["fade", "typewriter", "slide-up", "slide-down", "pop", "wave"]


class TextAnimation(Node):
    """Letters, words or lines that come or go one after the other."""

    type: AnimationName = Field(description="What each does.", examples=["pop"])
    by: Literal["letter", "word", "line"] = Field("letter", description="What moves as one.", examples=["word"])
    duration: float = Field(
        0.4, ge=0, le=60, allow_inf_nan=False, description="Seconds that each takes.", examples=[0.4]
    )
    stagger: float = Field(
        0.05,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="Seconds between one and the next.",
        examples=[0.05],
    )
    at: Literal["in", "out"] = Field("in", description="When the layer comes, or when it goes.", examples=["in"])
    easing: Easing = Field("ease-out", description="How it goes over its time.", examples=["ease-out"])


def _read_animation(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _read_text(value: Any) -> Any:
    """A variable that is a number may be all of a text."""
    return value if isinstance(value, (str, type(None), list, dict)) else as_text(value)


class TextLayer(VisualLayer):
    """Text."""

    inner = ("style",)

    type: Literal["text"] = Field(description="The kind of layer.", examples=["text"])
    text: Annotated[str, BeforeValidator(_read_text)] = Field(
        min_length=1, max_length=MAX_TEXT, description="What it says; a newline starts a line.", examples=["Hello"]
    )
    style: TextStyle = Field(
        default_factory=TextStyle, description="How it looks.", examples=[{"font_size": 64, "color": "#ffffff"}]
    )
    animation: (
        Annotated[
            TextAnimation, BeforeValidator(_read_animation, json_schema_input_type=TextAnimation | AnimationName)
        ]
        | None
    ) = Field(None, description="How its letters, words or lines move.", examples=[{"type": "pop", "by": "word"}])


class Word(Node):
    """A word and when it is said."""

    text: Annotated[str, BeforeValidator(_read_text)] = Field(
        min_length=1, max_length=200, description="The word.", examples=["Hello"]
    )
    start: float = Field(
        ge=0, le=MAX_DURATION_S, allow_inf_nan=False, description="Seconds since the layer's start.", examples=[0]
    )
    end: float = Field(
        gt=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Seconds since the layer's start.",
        examples=[0.4],
    )


class Cue(Node):
    """Text shown from one time to another."""

    start: float = Field(
        ge=0, le=MAX_DURATION_S, allow_inf_nan=False, description="Seconds since the layer's start.", examples=[0]
    )
    end: float = Field(
        gt=0, le=MAX_DURATION_S, allow_inf_nan=False, description="Seconds since the layer's start.", examples=[2]
    )
    text: Annotated[str, BeforeValidator(_read_text)] = Field(
        max_length=MAX_TEXT, description="What is shown.", examples=["Hello world"]
    )
    words: tuple[Word, ...] = Field(
        (),
        strict=False,
        max_length=MAX_WORDS,
        description="When each word is said, in order.",
        examples=[[{"text": "Hello", "start": 0, "end": 0.4}]],
    )


def _read_style(value: Any) -> Any:
    """Subtitles stand over pictures: without a style they have a line around them."""
    if value is None:
        return {"preset": "outline"}
    if isinstance(value, Mapping) and "preset" not in value:
        return {"preset": "outline", **value}
    return value


class SubtitlesLayer(VisualLayer):
    """Subtitles of a file, or cues in place."""

    inner = ("style",)

    type: Literal["subtitles"] = Field(description="The kind of layer.", examples=["subtitles"])
    src: Src | None = Field(
        None,
        repr=False,
        description="An .srt, .vtt or .ass file: URL, path under the data root, or name of an input of the job.",
        examples=["captions.srt"],
    )
    cues: tuple[Cue, ...] | None = Field(
        None,
        strict=False,
        min_length=1,
        max_length=MAX_CUES,
        description="Instead of `src`: the cues themselves.",
        examples=[[{"start": 0, "end": 2, "text": "Hello world"}]],
    )
    style: Annotated[TextStyle, BeforeValidator(_read_style)] = Field(
        None,
        validate_default=True,
        description="How they look. Default: an outline; an .ass file is drawn as it says itself.",
        examples=[{"preset": "karaoke"}],
    )

    @model_validator(mode="after")
    def _have_one_text(self) -> Self:
        if (self.src is None) == (self.cues is None):
            raise wrong_value('needs "src" or "cues", one of them')
        return self
