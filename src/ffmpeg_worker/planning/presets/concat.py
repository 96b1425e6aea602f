"""Preset `concat`: different videos, or sounds, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from ffmpeg_worker.budgets import MAX_PRESET_INPUTS
from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    audio_options,
    container_options,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import (
    Color,
    Crf,
    Rate,
    Side,
    color_for_ffmpeg,
    crf_field,
    height_field,
    width_field,
)
from ffmpeg_worker.planning.presets.parts import map_video
from ffmpeg_worker.planning.presets.preset import (
    Command,
    InputKind,
    InputSlot,
    Preset,
    PresetChain,
    PresetParameters,
)
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import Size, fit_inside, scaled_even

CLIPS = (
    InputSlot("clips", InputKind.MEDIA, "The videos, or sounds, in order.", at_least=2, at_most=MAX_PRESET_INPUTS),
)
COMMON_SOUND = "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo"
"""Brings a sound to one format, from time 0: one that begins after its picture gets silence before it."""
_SIZE = "Default: that of the first video."


class JoinParameters(PresetParameters):
    """Parameters of presets that join videos."""

    width: Side | None = width_field(None, f"Width of the video in pixels. {_SIZE}")
    height: Side | None = height_field(None, f"Height of the video in pixels. {_SIZE}")
    fps: Rate | None = Field(
        None, description="Frames per second. Default: those of the first video.", examples=[30]
    )
    background: Color = Field("#000000", description="Color beside videos of another shape.", examples=["#000000"])
    crf: Crf | None = crf_field()

    def size_for(self, first: PresetInput) -> Size:
        """The size of the joined video."""
        return scaled_even(first.size, self.width, self.height)

    def rate_for(self, first: PresetInput) -> Any:
        """The frames per second of the joined video."""
        return self.fps or first.rate


class ConcatParameters(JoinParameters):
    """Parameters of `concat`."""


def check_alike(inputs: Sequence[PresetInput]) -> bool:
    """Whether the inputs are videos, and not sounds.

    Raises:
        SourceUnreadable: some are videos, and some have no picture.
    """
    without = [source for source in inputs if not source.has_video]
    if without and len(without) < len(inputs):
        raise without[0].unreadable(
            f'The input "{without[0].key}" has no video, and other inputs have one.',
            "Join videos with videos, and sounds with sounds.",
            code="no_video_stream",
        )
    return not without


def open_inputs(inputs: Sequence[PresetInput]) -> Command:
    """Read all inputs, in order."""
    return tuple(part for source in inputs for part in ("-i", source.placeholder))


def fit_video(source: PresetInput, number: int, box: Size, rate: Any, background: str) -> str:
    """Bring the picture of an input to a size, with bars where its shape differs, and to a frame rate."""
    width, height = fit_inside(source.size, box)
    padded = (
        ""
        if (width, height) == box
        else f",pad={box[0]}:{box[1]}:(ow-iw)/2:(oh-ih)/2:color={color_for_ffmpeg(background)}"
    )
    return (
        f"[{map_video(source, number)}]scale={width}:{height}:flags=bicubic{padded},setsar=1,"
        f"fps=fps={plain(rate)}:start_time=0,format=yuv420p"
    )


def _build(wanted: ConcatParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    has_video = check_alike(inputs)
    has_audio = any(source.has_audio for source in inputs)
    chains, labels = [], ""
    for number, source in enumerate(inputs):
        if has_video:
            size, rate = wanted.size_for(inputs[0]), wanted.rate_for(inputs[0])
            chains.append(f"{fit_video(source, number, size, rate, wanted.background)}[v{number}]")
            labels += f"[v{number}]"
        if has_audio:
            chains.append(f"{_sound(source, number)}[a{number}]")
            labels += f"[a{number}]"
    outputs = ("[v]" if has_video else "") + ("[a]" if has_audio else "")
    joined = f"{labels}concat=n={len(inputs)}:v={int(has_video)}:a={int(has_audio)}{outputs}"
    command = (
        *open_inputs(inputs),
        *("-filter_complex", ";".join((*chains, joined))),
        *(("-map", "[v]", *video_options(output, wanted.crf)) if has_video else ()),
        *(("-map", "[a]", *audio_options(output)) if has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _sound(source: PresetInput, number: int) -> str:
    """The sound of an input; silence of the length of its picture where it has none."""
    if source.has_audio:
        return f"[{number}:a:0]{COMMON_SOUND}"
    return f"anullsrc=r=48000:cl=stereo:d={plain(source.video_seconds)},{COMMON_SOUND}"


CONCAT = Preset(
    name="concat",
    summary="Join videos of different sizes, frame rates and codecs, with or without sound; or sounds.",
    parameters=ConcatParameters,
    slots=CLIPS,
    output="joined",
    suffixes=MEDIA_SUFFIXES,
    build=_build,
    example={"width": 1280, "height": 720, "fps": 30},
)
