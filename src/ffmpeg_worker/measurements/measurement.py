"""The base of all measurements, and of the collectors that make them from lines of the log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance


class MeasurementPart(BaseModel):
    """Base of measurements and their parts."""

    model_config = ConfigDict(defer_build=True, frozen=True)


class Measurement(MeasurementPart):
    """The measurement of one instance of a filter.

    `null` stands for a number that is not finite: the level of digital silence (-inf dB), or the PSNR of identical
    pictures (inf dB). A key that is absent was not printed.
    """

    command: int = Field(description="Index of the command in the chain, from 0.", examples=[0])
    filter: str = Field(description="Name of the shape.", examples=["silencedetect"])
    instance: str | None = Field(
        None,
        description="Instance of the filter, as FFmpeg's log names it: `Parsed_NAME_N`, where N counts the "
        "filters of its graph from 0, or the `NAME@ID` of the command. Absent where several filters print to "
        "standard output.",
        examples=["Parsed_silencedetect_0"],
    )
    truncated: bool = Field(
        False, description="Whether lists hold only a part of what was measured.", examples=[False]
    )


class Collector(ABC):
    """Collects what one instance of a filter prints, in bounded memory."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        self.source = source
        self.allowance = allowance

    @abstractmethod
    def read(self, line: str) -> None:
        """Read a line that the filter has printed, without its prefix; other lines are ignored."""

    @abstractmethod
    def results(self, command: int) -> Iterator[Measurement]:
        """The measurements of the command with this index.

        Filters that find something, or show frames, may have nothing to print: that is a measurement, too.
        """
