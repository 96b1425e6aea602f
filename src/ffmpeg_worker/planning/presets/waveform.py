"""Preset `waveform`: the shape of a sound as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ffmpeg_worker.planning.presets.parameter_types import Color, Side, color_for_ffmpeg, width_field
from ffmpeg_worker.planning.presets.parts import AUDIO
from ffmpeg_worker.planning.presets.pictures import LOSSLESS_SUFFIXES, picture_options
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput


class WaveformParameters(PresetParameters):
    """Parameters of `waveform`."""

    width: Side = width_field(1280)
    height: Side = Field(240, description="Height in pixels.", examples=[240])
    color: Color = Field("#3b82f6", description="Color of the wave.", examples=["#3b82f6"])
    background: Color | None = Field(
        None, description="Color behind the wave. Default: transparent.", examples=["#ffffff"]
    )
    scale: Literal["lin", "sqrt", "cbrt", "log"] = Field(
        "lin", description="Scale of the amplitude; all but `lin` show quiet parts larger.", examples=["sqrt"]
    )
    channels: Literal["mixed", "separate"] = Field(
        "mixed", description="Whether the channels share one wave, or have one each.", examples=["mixed"]
    )


def _build(wanted: WaveformParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    count = source.media.audio.channels if source.media.audio is not None else 1
    is_split = wanted.channels == "separate" and (count or 1) > 1
    color = color_for_ffmpeg(wanted.color)
    colors = "|".join([color] * (count or 1)) if is_split else color
    mixed = "" if is_split else "aformat=channel_layouts=mono,"
    wave = (
        f"[0:a:0]{mixed}showwavespic=s={wanted.width}x{wanted.height}:colors={colors}"
        f":scale={wanted.scale}:split_channels={int(is_split)}:draw=full:filter=peak"
    )
    if wanted.background is not None:
        back = f"color=c={color_for_ffmpeg(wanted.background)}:s={wanted.width}x{wanted.height}:r=1:d=1"
        wave = f"{wave}[wave];{back}[back];[back][wave]overlay=format=auto"
    command = (
        *("-i", source.placeholder, "-filter_complex", wave, "-frames:v", "1"),
        *picture_options(output),
        output,
    )
    return PresetChain((command,), (output,))


WAVEFORM = Preset(
    name="waveform",
    summary="Draw the shape of a sound as a picture.",
    parameters=WaveformParameters,
    slots=AUDIO,
    output="waveform.png",
    suffixes=LOSSLESS_SUFFIXES,
    build=_build,
    example={"width": 1280, "height": 240, "color": "#3b82f6"},
)
