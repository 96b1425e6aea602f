"""Presets `speed`, `reverse` and `fps`: when the frames of a video are shown."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from ffmpeg_worker.budgets import MAX_REVERSED_BYTES
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.presets.encodings import MEDIA_SUFFIXES, VIDEO_SUFFIXES
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Crf, Rate, crf_field
from ffmpeg_worker.planning.presets.parts import MEDIA, VIDEO, filter_media, filter_video
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput

_MAX_TEMPO = 2.0
"""Above it `atempo` drops samples instead of blending them."""
_BYTES_PER_PIXEL = 1.5
_BYTES_PER_SAMPLE = 8


class SpeedParameters(PresetParameters):
    """Parameters of `speed`."""

    factor: float = Field(
        ge=0.1,
        le=20,
        allow_inf_nan=False,
        description="How many times as fast: 2 halves the length, 0.5 doubles it. The pitch of the sound stays.",
        examples=[1.5],
    )
    crf: Crf | None = crf_field()


class ReverseParameters(PresetParameters):
    """Parameters of `reverse`."""

    crf: Crf | None = crf_field()


class FpsParameters(PresetParameters):
    """Parameters of `fps`."""

    fps: Rate = Field(description="Frames per second; frames are repeated or left out.", examples=[30])
    crf: Crf | None = crf_field()


def _build_speed(wanted: SpeedParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    factor = wanted.factor
    video = (f"setpts=(PTS-STARTPTS)/{plain(factor)}", f"fps={plain(source.rate)}")
    tempos = [f"atempo={plain(one)}" for one in _split_tempo(factor)]
    command = filter_media(source, output, video=video, audio=tempos, crf=wanted.crf)
    return PresetChain((command,), (output,))


def _split_tempo(factor: float) -> list[float]:
    """Factors between a half and two, which `atempo` does well, with this product."""
    tempos = []
    while factor > _MAX_TEMPO:
        tempos.append(_MAX_TEMPO)
        factor /= _MAX_TEMPO
    while factor < 1 / _MAX_TEMPO:
        tempos.append(1 / _MAX_TEMPO)
        factor *= _MAX_TEMPO
    return [*tempos, factor]


def _build_reverse(wanted: ReverseParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    _check_memory(source)
    command = filter_media(source, output, video=("reverse",), audio=("areverse",), crf=wanted.crf)
    return PresetChain((command,), (output,))


def _check_memory(source: PresetInput) -> None:
    """Refuse what does not fit into memory: both filters hold the whole input.

    Raises:
        InvalidJob: with the length that would fit.
    """
    per_second = source.sample_rate * _BYTES_PER_SAMPLE if source.has_audio else 0
    if source.has_video:
        width, height = source.size
        per_second += int(width * height * _BYTES_PER_PIXEL * source.rate)
    if source.seconds * per_second > MAX_REVERSED_BYTES:
        raise InvalidJob(
            "The input is too long to be reversed: its frames would need more than "
            f"{MAX_REVERSED_BYTES >> 30} GiB of memory.",
            code="invalid_value",
            hint=f"Use the preset trim first: {int(MAX_REVERSED_BYTES / per_second)} seconds of this size fit. Or "
            "resize the video.",
            where={"field": "preset"},
        )


def _build_fps(wanted: FpsParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    return filter_video(inputs[0], [f"fps={plain(wanted.fps)}"], output, crf=wanted.crf)


SPEED = Preset(
    name="speed",
    summary="Make a video or sound faster or slower, without changing the pitch.",
    parameters=SpeedParameters,
    slots=MEDIA,
    output="speed",
    suffixes=MEDIA_SUFFIXES,
    build=_build_speed,
    example={"factor": 1.5},
)
REVERSE = Preset(
    name="reverse",
    summary="Play a short video or sound backwards.",
    parameters=ReverseParameters,
    slots=MEDIA,
    output="reversed",
    suffixes=MEDIA_SUFFIXES,
    build=_build_reverse,
)
FPS = Preset(
    name="fps",
    summary="Change the frame rate of a video.",
    parameters=FpsParameters,
    slots=VIDEO,
    output="fps",
    suffixes=VIDEO_SUFFIXES,
    build=_build_fps,
    example={"fps": 30},
)
