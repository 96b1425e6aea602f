"""Preset `mp4_web`: an MP4 that every browser and phone plays."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from ffmpeg_worker.budgets import MAX_SIDE
from ffmpeg_worker.planning.presets.encodings import audio_options, container_options, video_options
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Bitrate, Crf, Rate, Side, crf_field
from ffmpeg_worker.planning.presets.parts import VIDEO, map_kept
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import even_size, fit_inside


class Mp4WebParameters(PresetParameters):
    """Parameters of `mp4_web`."""

    max_width: Side = Field(
        1920, description="Largest width in pixels; smaller videos keep their size.", examples=[1280]
    )
    max_height: Side = Field(1920, description="Largest height in pixels.", examples=[1280])
    max_fps: Rate = Field(60.0, description="Most frames per second.", examples=[30])
    crf: Crf | None = crf_field()
    audio_bitrate: Bitrate = Field(160, description="Kilobits of sound per second.", examples=[128])


def _build(wanted: Mp4WebParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    width, height = source.size
    box = (min(wanted.max_width, MAX_SIDE), min(wanted.max_height, MAX_SIDE))
    fits = width <= box[0] and height <= box[1]
    size = even_size((width, height)) if fits else fit_inside((width, height), box)
    rate = [f"fps={plain(wanted.max_fps)}"] if source.rate > wanted.max_fps else []
    filters = [*rate, f"scale={size[0]}:{size[1]}:flags=bicubic", "setsar=1", "format=yuv420p"]
    command = (
        *("-i", source.placeholder, *map_kept(source), "-vf", ",".join(filters)),
        *video_options(output, wanted.crf),
        *("-profile:v", "high"),
        *((*audio_options(output, wanted.audio_bitrate), "-ac", "2") if source.has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


MP4_WEB = Preset(
    name="mp4_web",
    summary="Make an MP4 that every browser and phone plays, and that starts before it is loaded.",
    parameters=Mp4WebParameters,
    slots=VIDEO,
    output="web.mp4",
    suffixes=(".mp4", ".m4v", ".mov"),
    build=_build,
    example={"max_width": 1280},
)
