"""Preset `crossfade`: videos or sounds one after the other, with a transition between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.concat import (
    CLIPS,
    COMMON_SOUND,
    JoinParameters,
    check_alike,
    fit_video,
    open_inputs,
)
from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    audio_options,
    container_options,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain
from ffmpeg_worker.planning.presets.preset_input import PresetInput

Transition = Literal[
    "fade",
    "dissolve",
    "fadeblack",
    "fadewhite",
    "wipeleft",
    "wiperight",
    "wipeup",
    "wipedown",
    "slideleft",
    "slideright",
    "slideup",
    "slidedown",
    "smoothleft",
    "smoothright",
    "circleopen",
    "circleclose",
    "radial",
    "pixelize",
    "zoomin",
]


class CrossfadeParameters(JoinParameters):
    """Parameters of `crossfade`."""

    transition: Transition = Field(
        "fade", description="Effect between two videos; sounds always fade.", examples=["slideleft"]
    )
    transition_duration: float = Field(
        1.0,
        ge=0.1,
        le=10,
        allow_inf_nan=False,
        description="Seconds of each transition, which both neighbors share.",
        examples=[1],
    )


def _build(wanted: CrossfadeParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    has_video = check_alike(inputs)
    has_audio = any(source.has_audio for source in inputs)
    lengths = [_length(wanted, source, number, inputs) for number, source in enumerate(inputs)]
    chains = [
        *(_video_chains(wanted, inputs, lengths) if has_video else ()),
        *(_audio_chains(wanted, inputs, lengths) if has_audio else ()),
    ]
    command = (
        *open_inputs(inputs),
        *("-filter_complex", ";".join(chains)),
        *(("-map", "[v]", *video_options(output, wanted.crf)) if has_video else ()),
        *(("-map", "[a]", *audio_options(output)) if has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _length(wanted: CrossfadeParameters, source: PresetInput, number: int, inputs: Sequence[PresetInput]) -> float:
    """The length of a clip: whole frames of its picture, or its sound.

    Raises:
        InvalidJob: it is shorter than its transitions.
    """
    seconds = source.video_seconds if source.has_video else source.seconds
    if source.has_video:
        rate = wanted.rate_for(inputs[0])
        seconds = float(int(seconds * rate + 0.5) / rate)
    needed = wanted.transition_duration * (1 if number in {0, len(inputs) - 1} else 2)
    if seconds <= needed:
        raise InvalidJob(
            f'The input "{source.key}" lasts {plain(round(seconds, 3))} seconds, and its transitions take '
            f"{plain(needed)}.",
            code="invalid_value",
            hint='Lower "transition_duration", or use longer inputs.',
            where={"field": "transition_duration"},
        )
    return seconds


def _video_chains(
    wanted: CrossfadeParameters, inputs: Sequence[PresetInput], lengths: Sequence[float]
) -> list[str]:
    size, rate = wanted.size_for(inputs[0]), wanted.rate_for(inputs[0])
    chains = []
    for number, (source, seconds) in enumerate(zip(inputs, lengths, strict=True)):
        fitted = fit_video(source, number, size, rate, wanted.background)
        # The effect counts on the stated length, so the picture gets exactly that one.
        whole = f"tpad=stop_mode=clone:stop_duration=1,trim=duration={plain(seconds)},settb=AVTB"
        chains.append(f"{fitted},{whole}[v{number}]")
    joined, begin = "[v0]", 0.0
    for number in range(1, len(inputs)):
        begin += lengths[number - 1] - wanted.transition_duration
        label = "[v]" if number == len(inputs) - 1 else f"[x{number}]"
        chains.append(
            f"{joined}[v{number}]xfade=transition={wanted.transition}"
            f":duration={plain(wanted.transition_duration)}:offset={plain(begin)}{label}"
        )
        joined = label
    return chains


def _audio_chains(
    wanted: CrossfadeParameters, inputs: Sequence[PresetInput], lengths: Sequence[float]
) -> list[str]:
    chains = []
    for number, (source, seconds) in enumerate(zip(inputs, lengths, strict=True)):
        begin = (
            f"[{number}:a:0]{COMMON_SOUND},apad=whole_dur={plain(seconds)}"
            if source.has_audio
            else f"anullsrc=r=48000:cl=stereo,{COMMON_SOUND}"
        )
        chains.append(f"{begin},atrim=duration={plain(seconds)}[a{number}]")
    joined = "[a0]"
    for number in range(1, len(inputs)):
        label = "[a]" if number == len(inputs) - 1 else f"[y{number}]"
        chains.append(f"{joined}[a{number}]acrossfade=d={plain(wanted.transition_duration)}{label}")
        joined = label
    return chains


CROSSFADE = Preset(
    name="crossfade",
    summary="Join videos or sounds with a transition between them.",
    parameters=CrossfadeParameters,
    slots=CLIPS,
    output="crossfaded",
    suffixes=MEDIA_SUFFIXES,
    build=_build,
    example={"transition": "slideleft", "transition_duration": 1},
)
