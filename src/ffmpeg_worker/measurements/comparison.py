"""Quality of one video against another: `psnr`, `ssim`, `xpsnr` and `libvmaf`, as means of all frames."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, read_number

_PAIR = re.compile(r"\b(\w++):\s*+([^\s()]++)(?: \(([^()\s]++)\))?")
_PLANES = {*"yuvrgba"}
_PLANES_EXAMPLE = {"y": 32.668, "u": 31.81, "v": 31.649}


class PsnrMeasurement(Measurement):
    """Filter `psnr`; `null` where the pictures are identical."""

    filter: Literal["psnr"] = Field("psnr", description="Name of the shape.", examples=["psnr"])
    average: Level = Field(description="PSNR of all planes, dB.", examples=[32.332])
    min: Level | None = Field(None, description="Worst frame, dB.", examples=[31.352])
    max: Level | None = Field(None, description="Best frame, dB.", examples=[36.291])
    planes: Mapping[str, Level] = Field(description="PSNR of each plane, dB.", examples=[_PLANES_EXAMPLE])


class SsimMeasurement(Measurement):
    """Filter `ssim`; in dB `null` where the pictures are identical."""

    filter: Literal["ssim"] = Field("ssim", description="Name of the shape.", examples=["ssim"])
    all: Level = Field(description="SSIM of all planes, from 0 to 1.", examples=[0.924])
    all_db: Level | None = Field(None, description="The same in dB.", examples=[11.196])
    planes: Mapping[str, Level] = Field(
        description="SSIM of each plane.", examples=[{"y": 0.918, "u": 0.931, "v": 0.942}]
    )


class XpsnrMeasurement(Measurement):
    """Filter `xpsnr`; `null` where the pictures are identical."""

    filter: Literal["xpsnr"] = Field("xpsnr", description="Name of the shape.", examples=["xpsnr"])
    minimum: Level | None = Field(None, description="XPSNR of the worst plane, dB.", examples=[24.804])
    planes: Mapping[str, Level] = Field(description="XPSNR of each plane, dB.", examples=[_PLANES_EXAMPLE])


class VmafMeasurement(Measurement):
    """Filter `libvmaf`; the action `vmaf` aligns the videos and reports more."""

    filter: Literal["libvmaf"] = Field("libvmaf", description="Name of the shape.", examples=["libvmaf"])
    score: Level = Field(description="Pooled score, from 0 to 100.", examples=[86.486])


class _ComparisonCollector(Collector):
    """Reads the last line that begins with `label`: names and numbers, with a second number in parentheses."""

    label: ClassVar[str]

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self.found: dict[str, tuple[float, float | None]] = {}

    def read(self, line: str) -> None:
        if line.startswith(self.label):
            for key, value, second in _PAIR.findall(line[len(self.label) :]):
                number = read_number(value)
                if number is not None:
                    self.found[key.lower()] = (number, read_number(second))

    @property
    def planes(self) -> dict[str, float]:
        return {name: numbers[0] for name, numbers in self.found.items() if name in _PLANES}

    def number(self, name: str) -> float | None:
        return self.found[name][0] if name in self.found else None


class PsnrCollector(_ComparisonCollector):
    """`PSNR y:32.67 u:31.81 v:31.65 average:32.33 min:31.35 max:36.29`."""

    label = "PSNR "

    def results(self, command: int) -> Iterator[Measurement]:
        average = self.number("average")
        if average is not None:
            yield PsnrMeasurement(
                command=command,
                instance=self.source.instance,
                average=average,
                min=self.number("min"),
                max=self.number("max"),
                planes=self.planes,
            )


class SsimCollector(_ComparisonCollector):
    """`SSIM Y:0.918 (10.853) U:0.931 (11.594) V:0.942 (12.393) All:0.924 (11.196)`."""

    label = "SSIM "

    def results(self, command: int) -> Iterator[Measurement]:
        if "all" in self.found:
            mean, in_db = self.found["all"]
            yield SsimMeasurement(
                command=command, instance=self.source.instance, all=mean, all_db=in_db, planes=self.planes
            )


class XpsnrCollector(_ComparisonCollector):
    """`XPSNR  y: 28.0933  u: 25.2892  v: 24.8039  (minimum: 24.8039)`."""

    label = "XPSNR "

    def results(self, command: int) -> Iterator[Measurement]:
        if self.planes:
            yield XpsnrMeasurement(
                command=command,
                instance=self.source.instance,
                minimum=self.number("minimum"),
                planes=self.planes,
            )


class VmafCollector(_ComparisonCollector):
    """`VMAF score: 86.485601`."""

    label = "VMAF "

    def results(self, command: int) -> Iterator[Measurement]:
        score = self.number("score")
        if score is not None:
            yield VmafMeasurement(command=command, instance=self.source.instance, score=score)
