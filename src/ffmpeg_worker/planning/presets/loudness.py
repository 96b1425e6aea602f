"""Preset `loudness`: a sound at a target loudness by EBU R 128, measured first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from ffmpeg_worker.measurements.loudness import LoudnormMeasurement
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    audio_options,
    container_options,
    is_audio_name,
    kept_video,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parts import AUDIO, map_video
from ffmpeg_worker.planning.presets.preset import MeasuredArgument, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput

_LEAST_RANGE, _MOST_RANGE = 1.0, 50.0
_QUIETEST = -99.0


class LoudnessParameters(PresetParameters):
    """Parameters of `loudness`."""

    target: float = Field(
        -16.0,
        ge=-70,
        le=-5,
        allow_inf_nan=False,
        description="Integrated loudness in LUFS: -23 for European broadcasting, -16 for podcasts, -14 for "
        "streaming.",
        examples=[-16],
    )
    true_peak: float = Field(
        -1.5, ge=-9, le=0, allow_inf_nan=False, description="Highest true peak in dBTP.", examples=[-1.5]
    )
    range: float | None = Field(
        None,
        ge=_LEAST_RANGE,
        le=_MOST_RANGE,
        allow_inf_nan=False,
        description="Loudness range in LU; a larger one is compressed. Default: that of the input.",
        examples=[11],
    )


@dataclass(frozen=True, slots=True)
class _SecondPass:
    """Chooses the filter of the second pass by the measurement of the first."""

    wanted: LoudnessParameters
    rate: int

    def __call__(self, measurements: Sequence[AnyMeasurement]) -> str:
        found = next((one for one in measurements if isinstance(one, LoudnormMeasurement)), None)
        measured = None if found is None else (found.input_i, found.input_tp, found.input_lra, found.input_thresh)
        if measured is None or not all(value is not None and math.isfinite(value) for value in measured):
            return "anull"  # digital silence has no loudness that could be changed
        loudness, peak, spread, threshold = (float(value or 0.0) for value in measured)
        if loudness <= _QUIETEST:
            return "anull"
        values = f"measured_I={plain(loudness)}:measured_TP={plain(peak)}:measured_LRA={plain(spread)}"
        # A range below the measured one would switch to the dynamic mode, which misses the target.
        wanted = self.wanted.range or min(max(spread, _LEAST_RANGE), _MOST_RANGE)
        return (
            f"{_target(self.wanted, math.ceil(wanted * 100) / 100)}:{values}:measured_thresh={plain(threshold)}"
            f":linear=true:print_format=json,aresample={self.rate}"
        )


def _target(wanted: LoudnessParameters, spread: float) -> str:
    return f"loudnorm=I={plain(wanted.target)}:TP={plain(wanted.true_peak)}:LRA={plain(spread)}"


def _build(wanted: LoudnessParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    first = f"{_target(wanted, wanted.range or 11.0)}:print_format=json"
    measure = ("-i", source.placeholder, "-map", "0:a:0", "-af", first, "-f", "null", "-")
    has_video = source.has_video and not is_audio_name(output)
    video = ("-map", map_video(source)) if has_video else ()
    second = f"{first},aresample={source.sample_rate}"
    apply = (
        *("-i", source.placeholder, *video, "-map", "0:a:0", "-af", second),
        *(kept_video(output, source) if has_video else ()),
        *audio_options(output),
        *container_options(output),
        output,
    )
    argument = MeasuredArgument(1, second, _SecondPass(wanted, source.sample_rate))
    return PresetChain((measure, apply), (output,), measured=(argument,))


LOUDNESS = Preset(
    name="loudness",
    summary="Bring a sound to a target loudness by EBU R 128, in two passes.",
    parameters=LoudnessParameters,
    slots=AUDIO,
    output="loudness",
    suffixes=MEDIA_SUFFIXES,
    build=_build,
    example={"target": -16},
)
