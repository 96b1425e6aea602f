"""Preset `contact_sheet`: frames of the whole video in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pydantic import Field

from ffmpeg_worker.budgets import MAX_SIDE, MAX_TILES
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Color, TileWidth, color_for_ffmpeg, width_field
from ffmpeg_worker.planning.presets.parts import VIDEO, map_video
from ffmpeg_worker.planning.presets.pictures import PICTURE_SUFFIXES, SHRINK_FLAGS, picture_options
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import scaled_even


class ContactSheetParameters(PresetParameters):
    """Parameters of `contact_sheet`."""

    columns: int = Field(4, ge=1, le=20, description="Pictures in a row.", examples=[4])
    rows: int = Field(4, ge=1, le=MAX_TILES, description="Rows.", examples=[3])
    tile_width: TileWidth = width_field(320, "Width of one picture in pixels; the height follows.")
    gap: int = Field(8, ge=0, le=100, description="Pixels between the pictures and around them.", examples=[8])
    background: Color = Field("#000000", description="Color of the gaps.", examples=["#ffffff"])


def _build(wanted: ContactSheetParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    width, height = scaled_even(source.size, wanted.tile_width, None)
    _check_size(wanted, width, height)
    count = wanted.columns * wanted.rows
    spacing = Fraction(source.video_seconds / count).limit_denominator(10_000)
    if spacing * source.rate < 1:
        raise InvalidJob(
            f"The video has fewer than the {count} frames that the sheet needs.",
            code="invalid_value",
            hint='Ask for fewer "rows" or "columns".',
            where={"field": "rows"},
        )
    tile = (
        f"tile={wanted.columns}x{wanted.rows}:padding={wanted.gap}:margin={wanted.gap}"
        f":color={color_for_ffmpeg(wanted.background)}"
    )
    # Rounded to the nearest, each frame is the one in the middle of its part of the video.
    frames = f"setpts=PTS-STARTPTS,fps=fps={plain(1 / spacing)}:round=near:start_time=0"
    command = (
        *("-i", source.placeholder, "-map", map_video(source), "-frames:v", "1"),
        *("-vf", f"{frames},scale={width}:{height}:{SHRINK_FLAGS},setsar=1,{tile}"),
        *picture_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _check_size(wanted: ContactSheetParameters, width: int, height: int) -> None:
    limit = 4 * MAX_SIDE
    too_large = max(wanted.columns * (width + wanted.gap), wanted.rows * (height + wanted.gap)) > limit
    if wanted.columns * wanted.rows > MAX_TILES or too_large:
        raise InvalidJob(
            f"A contact sheet has at most {MAX_TILES} pictures and {limit} pixels on each side.",
            code="invalid_value",
            hint='Lower "columns", "rows" or "tile_width".',
            where={"field": "rows"},
        )


CONTACT_SHEET = Preset(
    name="contact_sheet",
    summary="Show frames from the whole video in one picture.",
    parameters=ContactSheetParameters,
    slots=VIDEO,
    output="contact-sheet.jpg",
    suffixes=PICTURE_SUFFIXES,
    build=_build,
    example={"columns": 4, "rows": 3, "tile_width": 320},
)
