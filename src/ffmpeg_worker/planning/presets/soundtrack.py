"""Presets that change the sound of a video: `replace_audio`, `remove_audio` and `mute`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    VIDEO_SUFFIXES,
    audio_options,
    container_options,
    is_audio_name,
    kept_video,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Length, Seconds
from ffmpeg_worker.planning.presets.parts import AUDIO, VIDEO, check_time, map_video
from ffmpeg_worker.planning.presets.preset import InputKind, InputSlot, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.validation_errors import wrong_value


class ReplaceAudioParameters(PresetParameters):
    """Parameters of `replace_audio`."""

    volume: float = Field(
        1.0, ge=0, le=10, allow_inf_nan=False, description="Volume factor of the new sound.", examples=[0.8]
    )
    original_volume: float = Field(
        0.0,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Volume factor at which the sound of the video stays below the new one; 0 removes it.",
        examples=[0.2],
    )
    loop: bool = Field(
        False,
        description="Whether a sound shorter than the video is repeated; else silence follows.",
        examples=[True],
    )


class RemoveAudioParameters(PresetParameters):
    """`remove_audio` has no parameters."""


class MuteParameters(PresetParameters):
    """Parameters of `mute`."""

    start: Seconds = Field(0.0, description="Second at which the silence begins.", examples=[3])
    end: Length | None = Field(
        None, description="Second at which it ends. Default: the end of the input.", examples=[5.5]
    )

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise wrong_value('has an "end" that is not after "start"', "Give a later end.")
        return self


def _build_replace(wanted: ReplaceAudioParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    video, sound = inputs
    seconds = plain(video.video_seconds)
    louder = f",volume={plain(wanted.volume)}" if wanted.volume != 1 else ""
    new = f"[1:a:0]asetpts=PTS-STARTPTS{louder},apad,atrim=duration={seconds}"
    graph = f"{new}[a]"
    if wanted.original_volume and video.has_audio:
        graph = (
            f"{new}[new];[0:a:0]volume={plain(wanted.original_volume)}[old];"
            "[new][old]amix=inputs=2:duration=first:normalize=0[a]"
        )
    command = (
        *("-i", video.placeholder),
        *(("-stream_loop", "-1") if wanted.loop else ()),
        *("-i", sound.placeholder, "-filter_complex", graph, "-map", map_video(video), "-map", "[a]"),
        *kept_video(output, video),
        *audio_options(output),
        *("-t", seconds),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _build_remove(_wanted: RemoveAudioParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    command = (
        *("-i", source.placeholder, "-map", map_video(source), "-an"),
        *kept_video(output, source),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _build_mute(wanted: MuteParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    check_time(source, wanted.start, "start")
    end = f"*lt(t,{plain(wanted.end)})" if wanted.end is not None else ""
    # Short blocks, since the filter is switched on and off between blocks.
    silence = f"asetnsamples=n=64:p=0,volume=0:enable='gte(t,{plain(wanted.start)}){end}'"
    has_video = source.has_video and not is_audio_name(output)
    command = (
        *("-i", source.placeholder, *(("-map", map_video(source)) if has_video else ()), "-map", "0:a:0"),
        *("-af", silence),
        *(kept_video(output, source) if has_video else ()),
        *audio_options(output),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


REPLACE_AUDIO = Preset(
    name="replace_audio",
    summary="Give a video another sound, or mix a sound with its own.",
    parameters=ReplaceAudioParameters,
    slots=(
        InputSlot("video", InputKind.VIDEO, "The video, whose length the result has."),
        InputSlot("audio", InputKind.AUDIO, "The new sound."),
    ),
    output="new-sound",
    suffixes=VIDEO_SUFFIXES,
    build=_build_replace,
    example={"volume": 0.8, "loop": True},
)
REMOVE_AUDIO = Preset(
    name="remove_audio",
    summary="Remove the sound of a video, without encoding the picture again.",
    parameters=RemoveAudioParameters,
    slots=VIDEO,
    output="silent",
    suffixes=VIDEO_SUFFIXES,
    build=_build_remove,
)
MUTE = Preset(
    name="mute",
    summary="Silence a part of a video or sound.",
    parameters=MuteParameters,
    slots=AUDIO,
    output="muted",
    suffixes=MEDIA_SUFFIXES,
    build=_build_mute,
    example={"start": 3, "end": 5.5},
)
