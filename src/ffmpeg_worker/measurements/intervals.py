"""Times with a property: `silencedetect`, `blackdetect` and `freezedetect`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, Rows, read_integer, read_number

_START, _END, _DURATION = "start", "end", "duration"


class TimeInterval(MeasurementPart):
    """An interval of time. Without `end` it lasts until the end of the stream."""

    start: Level | None = Field(None, description="Seconds.", examples=[3.0])
    end: Level | None = Field(None, description="Seconds.", examples=[4.000063])
    duration: Level | None = Field(None, description="Seconds.", examples=[1.000063])
    channel: int | None = Field(None, description="Number of the channel, from 0, with `mono=1`.", examples=[0])


class SilencedetectMeasurement(Measurement):
    """Filter `silencedetect`."""

    filter: Literal["silencedetect"] = Field(
        "silencedetect", description="Name of the shape.", examples=["silencedetect"]
    )
    count: int = Field(description="Number of silences.", examples=[150])
    silences: tuple[TimeInterval, ...] = Field(description="Silences, in the order of their ends.", examples=[[]])


class BlackdetectMeasurement(Measurement):
    """Filter `blackdetect`."""

    filter: Literal["blackdetect"] = Field(
        "blackdetect", description="Name of the shape.", examples=["blackdetect"]
    )
    count: int = Field(description="Number of black intervals.", examples=[2])
    blacks: tuple[TimeInterval, ...] = Field(description="Black intervals.", examples=[[]])


class FreezedetectMeasurement(Measurement):
    """Filter `freezedetect`."""

    filter: Literal["freezedetect"] = Field(
        "freezedetect", description="Name of the shape.", examples=["freezedetect"]
    )
    count: int = Field(description="Number of frozen intervals.", examples=[2])
    freezes: tuple[TimeInterval, ...] = Field(description="Frozen intervals.", examples=[[]])


class _IntervalCollector(Collector):
    """Reads starts, ends and durations, which may come in several lines; channels may overlap."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self.rows: Rows[TimeInterval] = Rows(allowance)
        self._open: dict[int | None, dict[str, float]] = {}

    def begin(self, start: float | None, channel: int | None = None) -> None:
        """Begin an interval."""
        if len(self._open) < 1000 or channel in self._open:
            self._open[channel] = {} if start is None else {_START: start}

    def note(self, name: str, value: float | None, channel: int | None = None) -> None:
        """Note a value of the interval that has begun."""
        if value is not None:
            self._open.setdefault(channel, {})[name] = value

    def end(self, channel: int | None = None) -> None:
        """End an interval, and keep it."""
        found = self._open.pop(channel, None)
        if found:
            self.rows.add(TimeInterval(**found, channel=channel), 3)

    def all_rows(self) -> Rows[TimeInterval]:
        """The intervals, with those that have not ended."""
        for channel in list(self._open):
            self.end(channel)
        return self.rows

    def results(self, command: int) -> Iterator[Measurement]:
        yield self._make(command, self.all_rows())

    @abstractmethod
    def _make(self, command: int, rows: Rows[TimeInterval]) -> Measurement: ...


class SilencedetectCollector(_IntervalCollector):
    """`silence_start: 3`, then `silence_end: 4 | silence_duration: 1`; before it `channel: 0 | ` with `mono=1`."""

    def read(self, line: str) -> None:
        found = dict(part.strip().partition(": ")[::2] for part in line.split("|"))
        channel = read_integer(found["channel"]) if "channel" in found else None
        if "silence_start" in found:
            self.begin(read_number(found["silence_start"]), channel)
        elif "silence_end" in found:
            self.note(_END, read_number(found["silence_end"]), channel)
            self.note(_DURATION, read_number(found.get("silence_duration", "")), channel)
            self.end(channel)

    def _make(self, command: int, rows: Rows[TimeInterval]) -> Measurement:
        return SilencedetectMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=rows.truncated,
            count=rows.count,
            silences=rows.kept,
        )


class BlackdetectCollector(_IntervalCollector):
    """`black_start:0 black_end:0.8 black_duration:0.8`."""

    def read(self, line: str) -> None:
        if not line.startswith("black_start:"):
            return
        found = dict(word.partition(":")[::2] for word in line.split())
        self.begin(read_number(found["black_start"]))
        self.note(_END, read_number(found.get("black_end", "")))
        self.note(_DURATION, read_number(found.get("black_duration", "")))
        self.end()

    def _make(self, command: int, rows: Rows[TimeInterval]) -> Measurement:
        return BlackdetectMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=rows.truncated,
            count=rows.count,
            blacks=rows.kept,
        )


class FreezedetectCollector(_IntervalCollector):
    """`lavfi.freezedetect.freeze_start: 0`, then `…freeze_duration: 2`, then `…freeze_end: 2`."""

    def read(self, line: str) -> None:
        key, _, value = line.removeprefix("lavfi.freezedetect.").partition(": ")
        if key == "freeze_start":
            self.begin(read_number(value))
        elif key == "freeze_duration":
            self.note(_DURATION, read_number(value))
        elif key == "freeze_end":
            self.note(_END, read_number(value))
            self.end()

    def _make(self, command: int, rows: Rows[TimeInterval]) -> Measurement:
        return FreezedetectMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=rows.truncated,
            count=rows.count,
            freezes=rows.kept,
        )
