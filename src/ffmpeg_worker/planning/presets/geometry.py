"""Presets `resize`, `crop`, `rotate` and `flip`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ffmpeg_worker.budgets import MAX_SIDE
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.encodings import VIDEO_SUFFIXES
from ffmpeg_worker.planning.presets.parameter_types import Crf, Side, crf_field, height_field, width_field
from ffmpeg_worker.planning.presets.parts import VIDEO, filter_video
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import even_size, scaled_even
from ffmpeg_worker.validation_errors import wrong_value

_TURNS = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
Offset = Annotated[int, Field(ge=0, le=4 * MAX_SIDE)]


class ResizeParameters(PresetParameters):
    """Parameters of `resize`."""

    width: Side | None = width_field(
        None, "Width in pixels. Without it, it follows from the height. Odd numbers become even."
    )
    height: Side | None = height_field(None, "Height in pixels. Without it, it follows from the width.")
    crf: Crf | None = crf_field()

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if self.width is None and self.height is None:
            raise wrong_value('has neither "width" nor "height"', "Give at least one of them.")
        return self


class CropParameters(PresetParameters):
    """Parameters of `crop`."""

    width: Side = Field(description="Width of the part in pixels.", examples=[640])
    height: Side = Field(description="Height of the part in pixels.", examples=[640])
    x: Offset | None = Field(
        None, description="Pixels from the left edge. Default: the part is in the middle.", examples=[100]
    )
    y: Offset | None = Field(
        None, description="Pixels from the top edge. Default: the part is in the middle.", examples=[0]
    )
    crf: Crf | None = crf_field()


class RotateParameters(PresetParameters):
    """Parameters of `rotate`."""

    degrees: Literal[90, 180, 270] = Field(90, description="Degrees, clockwise.", examples=[90])
    crf: Crf | None = crf_field()


class FlipParameters(PresetParameters):
    """Parameters of `flip`."""

    direction: Literal["horizontal", "vertical", "both"] = Field(
        "horizontal", description="Direction in which the picture is mirrored.", examples=["vertical"]
    )
    crf: Crf | None = crf_field()


def _build_resize(wanted: ResizeParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    width, height = scaled_even(inputs[0].size, wanted.width, wanted.height)
    filters = [f"scale={width}:{height}:flags=bicubic", "setsar=1"]
    return filter_video(inputs[0], filters, output, crf=wanted.crf)


def _build_crop(wanted: CropParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    width, height = even_size((wanted.width, wanted.height))
    whole = source.size
    x = wanted.x if wanted.x is not None else max(0, (whole[0] - width) // 2)
    y = wanted.y if wanted.y is not None else max(0, (whole[1] - height) // 2)
    for field, end, side in (("width", x + width, whole[0]), ("height", y + height, whole[1])):
        if end > side:
            raise InvalidJob(
                f"The part extends beyond the video, which is {whole[0]}x{whole[1]} pixels.",
                code="crop_outside",
                hint=f'Lower "{field}", or the offset.',
                where={"field": field},
            )
    square = [f"scale={whole[0]}:{whole[1]}", "setsar=1"] if _has_wide_pixels(source) else []
    return filter_video(source, [*square, f"crop={width}:{height}:{x}:{y}:exact=1"], output, crf=wanted.crf)


def _has_wide_pixels(source: PresetInput) -> bool:
    return source.media.video is not None and source.media.video.sample_aspect != 1


def _build_rotate(wanted: RotateParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    return filter_video(inputs[0], _TURNS[wanted.degrees], output, crf=wanted.crf)


def _build_flip(wanted: FlipParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    flips = {"horizontal": ["hflip"], "vertical": ["vflip"], "both": ["hflip", "vflip"]}[wanted.direction]
    return filter_video(inputs[0], flips, output, crf=wanted.crf)


RESIZE = Preset(
    name="resize",
    summary="Change the size of a video.",
    parameters=ResizeParameters,
    slots=VIDEO,
    output="resized",
    suffixes=VIDEO_SUFFIXES,
    build=_build_resize,
    example={"width": 1280},
)
CROP = Preset(
    name="crop",
    summary="Cut a rectangle out of a video.",
    parameters=CropParameters,
    slots=VIDEO,
    output="cropped",
    suffixes=VIDEO_SUFFIXES,
    build=_build_crop,
    example={"width": 640, "height": 640},
)
ROTATE = Preset(
    name="rotate",
    summary="Turn a video by 90, 180 or 270 degrees.",
    parameters=RotateParameters,
    slots=VIDEO,
    output="rotated",
    suffixes=VIDEO_SUFFIXES,
    build=_build_rotate,
    example={"degrees": 90},
)
FLIP = Preset(
    name="flip",
    summary="Mirror a video.",
    parameters=FlipParameters,
    slots=VIDEO,
    output="mirrored",
    suffixes=VIDEO_SUFFIXES,
    build=_build_flip,
    example={"direction": "horizontal"},
)
