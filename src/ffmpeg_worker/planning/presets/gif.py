"""Preset `gif`: a GIF with a palette of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import (
    Length,
    Seconds,
    Side,
    duration_field,
    start_field,
    width_field,
)
from ffmpeg_worker.planning.presets.parts import VIDEO, map_video, read_input
from ffmpeg_worker.planning.presets.pictures import SCALE_FLAGS
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import scaled

_PALETTE = "palette.png"


class GifParameters(PresetParameters):
    """Parameters of `gif`."""

    start: Seconds = start_field()
    duration: Length | None = duration_field()
    width: Side = width_field(480, "Width in pixels; the height follows.")
    fps: float = Field(12.0, ge=1, le=50, description="Frames per second, up to 50.", examples=[12])
    colors: int = Field(256, ge=4, le=256, description="Colors of the palette.", examples=[128])
    dither: Literal["bayer", "sierra2_4a", "floyd_steinberg", "none"] = Field(
        "sierra2_4a",
        description="How colors between those of the palette are made; `bayer` makes smaller files.",
        examples=["bayer"],
    )
    loop: int = Field(
        0, ge=-1, le=65535, description="Repetitions; 0 repeats forever, -1 plays once.", examples=[0]
    )


def _build(wanted: GifParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    width, height = scaled(source.size, wanted.width, None)
    frames = f"fps={plain(wanted.fps)},scale={width}:{height}:{SCALE_FLAGS},setsar=1"
    part = read_input(source, wanted.start, wanted.duration)
    stream = f"[{map_video(source)}]"
    palette = (
        *part,
        *("-filter_complex", f"{stream}{frames},palettegen=max_colors={wanted.colors}:stats_mode=full"),
        *("-frames:v", "1", "-update", "1", _PALETTE),
    )
    drawn = f"{stream}{frames}[frames];[frames][1:v]paletteuse=dither={wanted.dither}:diff_mode=rectangle"
    picture = (*part, "-i", _PALETTE, "-filter_complex", drawn, "-loop", str(wanted.loop), output)
    return PresetChain((palette, picture), (output,))


GIF = Preset(
    name="gif",
    summary="Make an animated GIF with a palette of its own colors.",
    parameters=GifParameters,
    slots=VIDEO,
    output="animation.gif",
    suffixes=(".gif",),
    build=_build,
    example={"start": 2, "duration": 4, "width": 480, "fps": 12},
)
