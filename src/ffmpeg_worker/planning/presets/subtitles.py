"""Presets `burn_subtitles` and `soft_subtitles`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from ffmpeg_worker.planning.presets.encodings import (
    VIDEO_SUFFIXES,
    container_options,
    kept_audio,
    kept_video,
    suffix_of,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Color, Crf, crf_field
from ffmpeg_worker.planning.presets.parts import make_even, map_video
from ffmpeg_worker.planning.presets.preset import InputKind, InputSlot, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.validation_errors import wrong_value

_FONT_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_")
_ALIGNMENTS = {"bottom": 2, "middle": 10, "top": 6}
"""A forced style has libass's own numbers: those of SSA, and not of the keypad."""
_SUBTITLE_CODECS = {".mp4": "mov_text", ".m4v": "mov_text", ".mov": "mov_text", ".webm": "webvtt"}
_BUNDLED = "bundled-fonts"
_FILES = (
    InputSlot("video", InputKind.VIDEO, "The video."),
    InputSlot("subtitles", InputKind.FILE, "The subtitles: `.srt`, `.vtt` or `.ass`; or their text as `content`."),
)


def _check_font(value: str) -> str:
    if not value or not _FONT_CHARACTERS.issuperset(value):
        raise wrong_value("must be the name of a font: letters, digits, blanks, `-` and `_`")
    return value


FontName = Annotated[
    str,
    Field(max_length=64),
    AfterValidator(_check_font),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9 _-]+$", "maxLength": 64}),
]


def _check_language(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha() or not value.islower():
        raise wrong_value("must be an ISO 639-2 code such as eng", "Write three small letters.")
    return value


Language = Annotated[
    str,
    AfterValidator(_check_language),
    WithJsonSchema({"type": "string", "pattern": "^[a-z]{3}$", "maxLength": 3}),
]


class BurnParameters(PresetParameters):
    """Parameters of `burn_subtitles`; without any, subtitles in ASS keep their own styles."""

    font: FontName | None = Field(
        None,
        description="Name of a font of the worker (Inter, Lora, Anton, JetBrains Mono) or of the input `fonts`. "
        "Default: that of the subtitles.",
        examples=["Inter"],
    )
    size: float | None = Field(
        None,
        ge=4,
        le=100,
        allow_inf_nan=False,
        description="Size of the letters, as for a video 288 pixels high. Default: that of the subtitles.",
        examples=[18],
    )
    color: Color | None = Field(None, description="Color of the letters.", examples=["#ffff00"])
    outline: float | None = Field(
        None, ge=0, le=10, allow_inf_nan=False, description="Width of the outline.", examples=[1.5]
    )
    position: Literal["bottom", "middle", "top"] | None = Field(
        None, description="Where the lines are. Default: that of the subtitles.", examples=["bottom"]
    )
    margin: int | None = Field(
        None, ge=0, le=200, description="Distance from the edge, as for a video 288 pixels high.", examples=[24]
    )
    crf: Crf | None = crf_field()

    def style(self) -> str:
        """The style that overrides that of the subtitles, as libass reads it."""
        values = {
            "FontName": self.font,
            "FontSize": None if self.size is None else plain(self.size),
            "PrimaryColour": None if self.color is None else _ass_color(self.color),
            "Outline": None if self.outline is None else plain(self.outline),
            "Alignment": None if self.position is None else _ALIGNMENTS[self.position],
            "MarginV": self.margin,
        }
        return ",".join(f"{name}={value}" for name, value in values.items() if value is not None)


def _ass_color(color: str) -> str:
    """`&HAABBGGRR`: ASS has the bytes the other way round, and 00 is opaque."""
    return f"&H00{color[5:7]}{color[3:5]}{color[1:3]}".upper()


def _build_burn(wanted: BurnParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    source, subtitles, *fonts = inputs
    options = [f"filename={subtitles.placeholder}"]
    options.append(f"fontsdir={fonts[0].placeholder if fonts else _BUNDLED}")
    if style := wanted.style():
        options.append(f"force_style='{style}'")
    filters = [f"subtitles={':'.join(options)}", *make_even(source)]
    command = (
        *("-i", source.placeholder, "-map", map_video(source), "-vf", ",".join(filters)),
        *video_options(output, wanted.crf),
        *(("-map", "0:a:0", *kept_audio(output, source)) if source.has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,), fonts=None if fonts else _BUNDLED)


class SoftParameters(PresetParameters):
    """Parameters of `soft_subtitles`."""

    language: Language = Field("eng", description="Language as an ISO 639-2 code.", examples=["deu"])
    shown: bool = Field(
        True, description="Whether players show the subtitles without being asked.", examples=[True]
    )


def _build_soft(wanted: SoftParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    source, subtitles = inputs
    codec = _SUBTITLE_CODECS.get(suffix_of(output), "ass" if subtitles.suffix in {".ass", ".ssa"} else "srt")
    command = (
        *("-i", source.placeholder, "-i", subtitles.placeholder),
        *("-map", map_video(source), "-map", "0:a?", "-map", "1:s:0"),
        *kept_video(output, source),
        *(kept_audio(output, source) if source.has_audio else ()),
        *("-c:s", codec, "-metadata:s:s:0", f"language={wanted.language}"),
        *("-disposition:s:0", "default" if wanted.shown else "0"),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


BURN_SUBTITLES = Preset(
    name="burn_subtitles",
    summary="Draw subtitles into the picture of a video.",
    parameters=BurnParameters,
    slots=(*_FILES, InputSlot("fonts", InputKind.FILE, "Fonts of the subtitles.", at_least=0, at_most=20)),
    output="subtitled.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_burn,
    example={"size": 20, "color": "#ffff00", "margin": 24},
    filters=frozenset({"subtitles"}),
)
SOFT_SUBTITLES = Preset(
    name="soft_subtitles",
    summary="Add subtitles to a video as a track that viewers can switch off.",
    parameters=SoftParameters,
    slots=_FILES,
    output="subtitled",
    suffixes=VIDEO_SUFFIXES,
    build=_build_soft,
    example={"language": "deu"},
)
