"""Types of parameters that several presets have, and fields with their descriptions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from ffmpeg_worker.budgets import MAX_SIDE
from ffmpeg_worker.validation_errors import wrong_value

MAX_SECONDS = 86_400.0
_HEX = frozenset("0123456789abcdefABCDEF")

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Length = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=16, le=MAX_SIDE)]
TileWidth = Annotated[int, Field(ge=16, le=1920)]
Rate = Annotated[float, Field(ge=1, le=120, allow_inf_nan=False)]
Crf = Annotated[int, Field(ge=0, le=51)]
Bitrate = Annotated[int, Field(ge=8, le=640)]
Fraction01 = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Place = Literal["top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"]


def _check_color(value: str) -> str:
    if len(value) != 7 or value[0] != "#" or not _HEX.issuperset(value[1:]):
        raise wrong_value("must be a color such as #ff8800", "Write # and six hexadecimal digits.")
    return value


Color = Annotated[
    str,
    AfterValidator(_check_color),
    WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "maxLength": 7}),
]


def start_field() -> Any:
    """Field of the time at which the used part begins."""
    return Field(0.0, description="Second at which the used part of the input begins.", examples=[2.5])


def duration_field() -> Any:
    """Field of the length of the used part."""
    return Field(
        None, description="Length of the used part in seconds. Default: to the end of the input.", examples=[4]
    )


def width_field(default: int | None, meaning: str = "Width in pixels.") -> Any:
    """Field of a width."""
    return Field(default, description=meaning, examples=[default or 1280])


def height_field(default: int | None, meaning: str = "Height in pixels.") -> Any:
    """Field of a height."""
    return Field(default, description=meaning, examples=[default or 720])


def crf_field() -> Any:
    """Field of the quality of an encoded video."""
    return Field(
        None,
        description="Constant rate factor of the encoder, 0 to 51; lower is better and larger. Default: 20, for "
        "`.webm` 31.",
        examples=[20],
    )


def place_field(default: Place) -> Any:
    """Field of the corner, edge or center at which a picture is put."""
    return Field(default, description="Corner, edge or center of the video.", examples=[default])


def margin_field() -> Any:
    """Field of the distance from the edges."""
    return Field(20, ge=0, le=MAX_SIDE, description="Distance from the edges in pixels.", examples=[20])


def color_for_ffmpeg(color: str) -> str:
    """Write a color as filters read it in any place."""
    return f"0x{color[1:]}"
