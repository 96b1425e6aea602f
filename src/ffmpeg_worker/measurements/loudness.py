"""Loudness by EBU R 128: `loudnorm` and `ebur128`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, Rows, read_number

_FRAME = re.compile(
    r"t:\s*+(\S++)\s++TARGET:\s*+\S++ LUFS\s++M:\s*+(\S++)\s++S:\s*+(\S++)\s++I:\s*+(\S++) LUF?S?+"
    r"\s++LRA:\s*+(\S++) LU"
)
_SUMMARY_OF_LOUDNORM = {
    "Input Integrated": "input_i",
    "Input True Peak": "input_tp",
    "Input LRA": "input_lra",
    "Input Threshold": "input_thresh",
    "Output Integrated": "output_i",
    "Output True Peak": "output_tp",
    "Output LRA": "output_lra",
    "Output Threshold": "output_thresh",
    "Normalization Type": "normalization_type",
    "Target Offset": "target_offset",
}
_SUMMARY_OF_EBUR128 = {
    ("Integrated loudness", "I"): "integrated",
    ("Integrated loudness", "Threshold"): "integrated_threshold",
    ("Loudness range", "LRA"): "loudness_range",
    ("Loudness range", "Threshold"): "loudness_range_threshold",
    ("Loudness range", "LRA low"): "loudness_range_low",
    ("Loudness range", "LRA high"): "loudness_range_high",
    ("Sample peak", "Peak"): "sample_peak",
    ("True peak", "Peak"): "true_peak",
}


class LoudnormMeasurement(Measurement):
    """Filter `loudnorm` with `print_format=json` or `summary`; the names are those of its JSON."""

    filter: Literal["loudnorm"] = Field("loudnorm", description="Name of the shape.", examples=["loudnorm"])
    input_i: Level | None = Field(None, description="Integrated loudness of the input, LUFS.", examples=[-21.77])
    input_tp: Level | None = Field(None, description="True peak of the input, dBTP.", examples=[-11.99])
    input_lra: Level | None = Field(None, description="Loudness range of the input, LU.", examples=[0.1])
    input_thresh: Level | None = Field(None, description="Threshold of the input, LUFS.", examples=[-31.77])
    output_i: Level | None = Field(None, description="Integrated loudness of the output, LUFS.", examples=[-16.01])
    output_tp: Level | None = Field(None, description="True peak of the output, dBTP.", examples=[-6.2])
    output_lra: Level | None = Field(None, description="Loudness range of the output, LU.", examples=[0.1])
    output_thresh: Level | None = Field(None, description="Threshold of the output, LUFS.", examples=[-26.01])
    normalization_type: str | None = Field(None, description="`dynamic` or `linear`.", examples=["dynamic"])
    target_offset: Level | None = Field(None, description="Offset to the target, LU.", examples=[0.01])


class LoudnormCollector(Collector):
    """Reads both formats of `loudnorm`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._found: dict[str, float | str] = {}

    def read(self, line: str) -> None:
        key, _, value = line.strip().rstrip(",").partition(":")
        key, value = key.strip().strip('"'), value.strip().strip('"')
        name = _SUMMARY_OF_LOUDNORM.get(key, key)
        if name == "normalization_type":
            self._found[name] = value[:20].lower()
        elif name in LoudnormMeasurement.model_fields and (number := read_number(value)) is not None:
            self._found[name] = number

    def results(self, command: int) -> Iterator[Measurement]:
        if self._found:
            values = {"command": command, "instance": self.source.instance, **self._found}
            yield LoudnormMeasurement.model_validate(values)


class LoudnessFrame(MeasurementPart):
    """Loudness at one time."""

    time: Level = Field(description="Seconds.", examples=[0.4])
    momentary: Level = Field(description="Momentary loudness (400 ms), LUFS.", examples=[-21.8])
    short_term: Level = Field(description="Short-term loudness (3 s), LUFS.", examples=[-120.7])
    integrated: Level = Field(description="Integrated loudness until here, LUFS.", examples=[-21.8])
    loudness_range: Level = Field(description="Loudness range until here, LU.", examples=[0.0])


class Ebur128Measurement(Measurement):
    """Filter `ebur128`: its summary, and its frames, ten a second."""

    filter: Literal["ebur128"] = Field("ebur128", description="Name of the shape.", examples=["ebur128"])
    integrated: Level | None = Field(None, description="Integrated loudness, LUFS.", examples=[-21.8])
    integrated_threshold: Level | None = Field(None, description="Its threshold, LUFS.", examples=[-31.8])
    loudness_range: Level | None = Field(None, description="Loudness range, LU.", examples=[0.0])
    loudness_range_threshold: Level | None = Field(None, description="Its threshold, LUFS.", examples=[0.0])
    loudness_range_low: Level | None = Field(None, description="Its low end, LUFS.", examples=[0.0])
    loudness_range_high: Level | None = Field(None, description="Its high end, LUFS.", examples=[0.0])
    sample_peak: Level | None = Field(None, description="Sample peak (`peak=sample`), dBFS.", examples=[-17.7])
    true_peak: Level | None = Field(None, description="True peak (`peak=true`), dBFS.", examples=[-17.7])
    frame_count: int = Field(0, description="Number of frames in the log.", examples=[6000])
    frames_every: int = Field(1, description="`frames` has one of so many.", examples=[2])
    frames: tuple[LoudnessFrame, ...] = Field((), description="Loudness over time.", examples=[[]])


class Ebur128Collector(Collector):
    """Reads the frames and the summary of `ebur128`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._frames: Rows[LoudnessFrame] = Rows(allowance, thins=True)
        self._summary: dict[str, float] = {}
        self._section = ""

    def read(self, line: str) -> None:
        if line.startswith("t:"):
            if self._frames.wants_next:
                self._read_frame(line)
            else:
                self._frames.skip()
            return
        key, _, value = line.strip().partition(":")
        if not value:
            self._section = key
        name = _SUMMARY_OF_EBUR128.get((self._section, key))
        number = read_number(value)
        if name is not None and number is not None:
            self._summary[name] = number

    def _read_frame(self, line: str) -> None:
        found = _FRAME.match(line)
        if found is None:
            return
        numbers = [number for part in found.groups() if (number := read_number(part)) is not None]
        if len(numbers) == 5:
            time, momentary, short_term, integrated, loudness_range = numbers
            frame = LoudnessFrame(
                time=time,
                momentary=momentary,
                short_term=short_term,
                integrated=integrated,
                loudness_range=loudness_range,
            )
            self._frames.add(frame, 5)

    def results(self, command: int) -> Iterator[Measurement]:
        frames = self._frames
        if self._summary or frames.count:
            yield Ebur128Measurement(
                command=command,
                instance=self.source.instance,
                truncated=frames.truncated,
                **self._summary,
                frame_count=frames.count,
                frames_every=frames.every,
                frames=frames.kept,
            )
