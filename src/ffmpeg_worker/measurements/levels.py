"""Levels of sound: `volumedetect` and `astats`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, read_integer, read_number


class HistogramBin(MeasurementPart):
    """Number of samples of one level."""

    level: int = Field(description="Level in whole dB.", examples=[-12])
    samples: int = Field(description="Number of samples of this level.", examples=[102])


class VolumedetectMeasurement(Measurement):
    """Filter `volumedetect`."""

    filter: Literal["volumedetect"] = Field(
        "volumedetect", description="Name of the shape.", examples=["volumedetect"]
    )
    n_samples: int = Field(description="Number of samples.", examples=[441000])
    mean_volume: Level | None = Field(None, description="Root mean square, dB.", examples=[-21.1])
    max_volume: Level | None = Field(None, description="Highest level, dB.", examples=[-12.0])
    histogram: tuple[HistogramBin, ...] = Field(
        (), description="The highest levels, as far as FFmpeg prints them.", examples=[[]]
    )


class VolumedetectCollector(Collector):
    """Reads the lines that `volumedetect` prints at its end."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._found: dict[str, Any] = {}
        self._bins: dict[int, HistogramBin] = {}

    def read(self, line: str) -> None:
        key, _, value = line.strip().partition(": ")
        if key in {"mean_volume", "max_volume"}:
            self._found[key] = read_number(value)
        elif key == "n_samples":
            self._found[key] = read_integer(value)
        elif key.startswith("histogram_") and key.endswith("db") and len(self._bins) < 100:
            level = read_integer(key[len("histogram_") : -len("db")])
            samples = read_integer(value)
            if level is not None and samples is not None:
                self._bins[-level] = HistogramBin(level=-level, samples=samples)

    def results(self, command: int) -> Iterator[Measurement]:
        if self._found.get("n_samples") is not None:
            yield VolumedetectMeasurement(
                command=command,
                instance=self.source.instance,
                **self._found,
                histogram=tuple(self._bins.values()),
            )


class AudioStatistics(MeasurementPart):
    """Statistics of one channel, or of all; `measure_perchannel` and `measure_overall` choose what there is."""

    channel: int | None = Field(None, description="Number of the channel, from 1.", examples=[1])
    dc_offset: Level | None = Field(None, description="Mean amplitude, from -1 to 1.", examples=[-4e-06])
    min_level: Level | None = Field(None, description="Lowest sample.", examples=[-0.251502])
    max_level: Level | None = Field(None, description="Highest sample.", examples=[0.249515])
    min_difference: Level | None = Field(None, description="Smallest difference between samples.", examples=[0.0])
    max_difference: Level | None = Field(
        None, description="Largest difference between samples.", examples=[0.015666]
    )
    mean_difference: Level | None = Field(None, description="Mean difference between samples.", examples=[0.00499])
    rms_difference: Level | None = Field(
        None, description="Root mean square difference between samples.", examples=[0.005546]
    )
    peak_level: Level | None = Field(None, description="Peak, dBFS.", examples=[-11.989])
    rms_level: Level | None = Field(None, description="Root mean square, dBFS.", examples=[-21.063])
    rms_peak: Level | None = Field(None, description="Loudest window, dBFS.", examples=[-18.713])
    rms_trough: Level | None = Field(None, description="Quietest window, dBFS.", examples=[-23.14])
    crest_factor: Level | None = Field(None, description="Ratio of peak to root mean square.", examples=[2.842])
    flat_factor: Level | None = Field(None, description="Flatness at the peaks.", examples=[0.0])
    peak_count: Level | None = Field(None, description="How often a peak was reached.", examples=[2.0])
    abs_peak_count: Level | None = Field(
        None, description="How often the highest absolute peak was reached.", examples=[1.0]
    )
    noise_floor: Level | None = Field(None, description="Noise floor, dBFS.", examples=[-18.116])
    noise_floor_count: Level | None = Field(
        None, description="How often the noise floor was reached.", examples=[200.0]
    )
    entropy: Level | None = Field(None, description="Entropy, from 0 to 1.", examples=[0.757])
    bit_depth: str | None = Field(None, description="Bit depth, as FFmpeg prints it.", examples=["30/32/32/32"])
    dynamic_range: Level | None = Field(None, description="Dynamic range, dB.", examples=[112.739])
    zero_crossings: Level | None = Field(None, description="Number of zero crossings.", examples=[8800.0])
    zero_crossings_rate: Level | None = Field(None, description="Zero crossings per sample.", examples=[0.02])
    number_of_samples: Level | None = Field(None, description="Number of samples.", examples=[441000.0])
    number_of_nans: Level | None = Field(None, description="Number of samples that are no number.", examples=[0.0])
    number_of_infs: Level | None = Field(None, description="Number of infinite samples.", examples=[0.0])
    number_of_denormals: Level | None = Field(None, description="Number of denormal samples.", examples=[0.0])


class AstatsMeasurement(Measurement):
    """Filter `astats`. With `metadata=1` and `ametadata=print`, `metadata` has its values of each frame."""

    filter: Literal["astats"] = Field("astats", description="Name of the shape.", examples=["astats"])
    overall: AudioStatistics | None = Field(None, description="Statistics of all channels.", examples=[{}])
    channels: tuple[AudioStatistics, ...] = Field((), description="Statistics of each channel.", examples=[[]])


class AstatsCollector(Collector):
    """Reads the blocks that `astats` prints at its end: one for each channel, and one for all."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._channels: list[dict[str, Any]] = []
        self._overall: dict[str, Any] | None = None
        self._block: dict[str, Any] | None = None
        self._is_cut = False

    def read(self, line: str) -> None:
        key, _, value = line.strip().partition(": ")
        if key == "Channel":
            self._begin_channel(read_integer(value))
        elif key == "Overall":
            self._block = self._overall = {}
        elif self._block is not None:
            self._read_value(self._block, key, value)

    def _begin_channel(self, number: int | None) -> None:
        self._block = None
        if self.allowance.take(len(AudioStatistics.model_fields)):
            self._block = {"channel": number}
            self._channels.append(self._block)
        else:
            self._is_cut = True

    @staticmethod
    def _read_value(block: dict[str, Any], key: str, value: str) -> None:
        name = key.removesuffix(" dB").lower().replace(" ", "_")
        name = "rms_trough" if name == "rms_through" else name  # spelled so by FFmpeg
        if name == "bit_depth":
            block[name] = value[:40]
        elif name in AudioStatistics.model_fields and (number := read_number(value)) is not None:
            block[name] = number

    def results(self, command: int) -> Iterator[Measurement]:
        if self._channels or self._overall:
            yield AstatsMeasurement(
                command=command,
                instance=self.source.instance,
                truncated=self._is_cut,
                overall=None if self._overall is None else AudioStatistics(**self._overall),
                channels=tuple(AudioStatistics(**block) for block in self._channels),
            )
