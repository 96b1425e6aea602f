"""Preset `remove_silence`: cuts silent parts out of a video or sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field

from ffmpeg_worker.errors import NothingSelected
from ffmpeg_worker.measurements.intervals import SilencedetectMeasurement
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.planning.presets.encodings import (
    MEDIA_SUFFIXES,
    audio_options,
    container_options,
    is_audio_name,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Crf, crf_field
from ffmpeg_worker.planning.presets.parts import AUDIO, make_even, map_video
from ffmpeg_worker.planning.presets.preset import MeasuredArgument, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput

Cut = tuple[Fraction, Fraction]
_MOST_CUTS = 500
"""Of more silences the longest are removed: the filters name each of them."""
_AUDIO_STEP = Fraction(1, 100)
"""Cuts of sounds without a picture lie on hundredths of a second."""


class RemoveSilenceParameters(PresetParameters):
    """Parameters of `remove_silence`."""

    threshold: float = Field(
        -35.0,
        ge=-90,
        le=-10,
        allow_inf_nan=False,
        description="Level in dBFS below which a part is silent.",
        examples=[-40],
    )
    min_silence: float = Field(
        0.5,
        ge=0.1,
        le=60,
        allow_inf_nan=False,
        description="Shortest silence that is removed, in seconds.",
        examples=[0.8],
    )
    keep: float = Field(
        0.1,
        ge=0,
        le=5,
        allow_inf_nan=False,
        description="Seconds of each silence that stay beside the sound before and after it.",
        examples=[0.15],
    )
    crf: Crf | None = crf_field()


@dataclass(frozen=True, slots=True)
class _Removal:
    """Writes the filters that remove what was measured, with all times on a grid of `step` seconds.

    The times of picture and sound are moved by the same amounts, so that they stay together. Times on the grid of
    the frames let the picture stay at its frame rate.
    """

    seconds: float
    keep: float
    step: Fraction
    is_video: bool
    even: str = ""

    def __call__(self, measurements: Sequence[AnyMeasurement]) -> str:
        found = next((one for one in measurements if isinstance(one, SilencedetectMeasurement)), None)
        cuts = self._cuts(found) if found is not None else []
        if cuts and cuts[0][0] <= 0 and float(cuts[0][1]) >= self.seconds - float(self.step) / 2:
            raise NothingSelected(
                "The whole input is silent.",
                code="nothing_selected",
                hint='Lower "threshold", or raise "min_silence".',
                where={"field": "threshold"},
            )
        return self._write(cuts)

    def _cuts(self, found: SilencedetectMeasurement) -> list[Cut]:
        """The longest silences without what is kept of them, in order, on the grid."""
        cuts = []
        for silence in found.silences:
            start = float(silence.start or 0.0)
            end = float(silence.end) if silence.end is not None else self.seconds
            first = Fraction(0) if start <= float(self.step) else self._snap(start + self.keep)
            ends_file = end >= self.seconds - float(self.step)
            last = self._snap(self.seconds) + self.step if ends_file else self._snap(end - self.keep)
            if last > first:
                cuts.append((first, last))
        longest = sorted(cuts, key=lambda cut: cut[0] - cut[1])[:_MOST_CUTS]
        return sorted(longest)

    def _snap(self, seconds: float) -> Fraction:
        return round(Fraction(seconds) / self.step) * self.step

    def _write(self, cuts: Sequence[Cut]) -> str:
        # Frames begin on the grid, so half a step before it they are all on one side.
        half = self.step / 2
        dropped = "+".join(
            f"between(t,{plain(float(a - half))},{plain(float(b - half) - 0.000001)})" for a, b in cuts
        )
        moved = "+".join(f"gte(T,{plain(float(b - half))})*{plain(float(b - a))}" for a, b in cuts)
        if self.is_video:
            kept = f"select='not({dropped})',setpts='PTS-({moved})/TB'," if cuts else ""
            return f"fps={plain(1 / self.step)},{kept}settb=AVTB{self.even}"
        samples = "asetnsamples=n=128:p=0"
        kept = (
            f",aselect='not({dropped})',asetpts='PTS-({moved})/TB',aresample=async=1:first_pts=0" if cuts else ""
        )
        return f"{samples}{kept}"


def _build(wanted: RemoveSilenceParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    has_video = source.has_video and not is_audio_name(output)
    step = 1 / source.rate if has_video else _AUDIO_STEP
    detect = f"silencedetect=noise={plain(wanted.threshold)}dB:duration={plain(wanted.min_silence)}"
    measure = (
        "-i",
        source.placeholder,
        "-map",
        "0:a:0",
        "-af",
        detect,
        "-f",
        "null",
        "-",
    )
    even = "".join(f",{one}" for one in make_even(source))
    picture = _Removal(source.seconds, wanted.keep, step, is_video=True, even=even)
    sound = _Removal(source.seconds, wanted.keep, step, is_video=False)
    written_video, written_audio = picture(()), sound(())
    remove = (
        *("-i", source.placeholder),
        *(("-map", map_video(source)) if has_video else ()),
        *("-map", "0:a:0"),
        *(("-vf", written_video) if has_video else ()),
        *("-af", written_audio),
        *(video_options(output, wanted.crf) if has_video else ()),
        *audio_options(output),
        *container_options(output),
        output,
    )
    arguments = (MeasuredArgument(1, written_video, picture), MeasuredArgument(1, written_audio, sound))
    return PresetChain((measure, remove), (output,), measured=arguments)


REMOVE_SILENCE = Preset(
    name="remove_silence",
    summary="Cut silent parts out of a video or sound.",
    parameters=RemoveSilenceParameters,
    slots=AUDIO,
    output="without-silence",
    suffixes=MEDIA_SUFFIXES,
    build=_build,
    example={"threshold": -40, "min_silence": 0.8},
)
