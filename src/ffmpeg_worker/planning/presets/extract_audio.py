"""Presets `extract_audio` and `audio_convert`: the sound of a file in a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ffmpeg_worker.planning.presets.encodings import (
    AUDIO_SUFFIXES,
    audio_options,
    container_options,
    copies_audio,
)
from ffmpeg_worker.planning.presets.parameter_types import (
    Bitrate,
    Length,
    Seconds,
    duration_field,
    start_field,
)
from ffmpeg_worker.planning.presets.parts import AUDIO, read_input
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput


class SoundParameters(PresetParameters):
    """Parameters of `audio_convert`, and of `extract_audio`."""

    start: Seconds = start_field()
    duration: Length | None = duration_field()
    bitrate: Bitrate | None = Field(
        None, description="Kilobits per second. Default: 192, where the format has a bit rate.", examples=[128]
    )
    sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100, 48000] | None = Field(
        None, description="Samples per second. Default: those of the input.", examples=[44100]
    )
    channels: Literal[1, 2] | None = Field(
        None, description="1 for mono, 2 for stereo. Default: those of the input.", examples=[2]
    )

    @property
    def changes_nothing(self) -> bool:
        """Whether the whole sound is wanted as it is."""
        return not self.start and {self.duration, self.bitrate, self.sample_rate, self.channels} == {None}


def _convert(wanted: SoundParameters, source: PresetInput, output: str, *, may_copy: bool) -> PresetChain:
    if may_copy and wanted.changes_nothing and copies_audio(output, source):
        options: tuple[str, ...] = ("-c:a", "copy")
    else:
        rate = ("-ar", str(wanted.sample_rate)) if wanted.sample_rate else ()
        channels = ("-ac", str(wanted.channels)) if wanted.channels else ()
        options = (*audio_options(output, wanted.bitrate), *rate, *channels)
    command = (
        *read_input(source, wanted.start, wanted.duration),
        *("-map", "0:a:0", "-vn", *options),
        *container_options(output),
        output,
    )
    return PresetChain((command,), (output,))


def _build_extract(wanted: SoundParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    return _convert(wanted, inputs[0], output, may_copy=True)


def _build_convert(wanted: SoundParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    return _convert(wanted, inputs[0], output, may_copy=False)


EXTRACT_AUDIO = Preset(
    name="extract_audio",
    summary="Take the sound of a video, without encoding it again where the format allows it.",
    parameters=SoundParameters,
    slots=AUDIO,
    output="audio.m4a",
    suffixes=AUDIO_SUFFIXES,
    build=_build_extract,
)
AUDIO_CONVERT = Preset(
    name="audio_convert",
    summary="Convert a sound to another format, bit rate, sample rate or number of channels.",
    parameters=SoundParameters,
    slots=AUDIO,
    output="audio.mp3",
    suffixes=AUDIO_SUFFIXES,
    build=_build_convert,
    example={"bitrate": 128, "channels": 2},
)
