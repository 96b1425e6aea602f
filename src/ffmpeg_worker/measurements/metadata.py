"""Metadata of frames, as `metadata=print` and `ametadata=print` show it, with the summary of `signalstats`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.scenes import SceneChange, make_scene
from ffmpeg_worker.measurements.values import Allowance, Level, Rows, read_number

_FRAME = re.compile(r"frame:\s*+(\d{1,18})\s++pts:\s*+\S++\s++pts_time:\s*+(\S++)")
_NUMBER = re.compile(r"[+-]?(?:\d[\d.e+-]*+|inf|nan)", re.ASCII | re.IGNORECASE)
_SIGNALSTATS = "lavfi.signalstats."
_SCENE_SCORE = "lavfi.scene_score"
_MAX_TEXT = 1000
_CHARACTERS_PER_VALUE = 32


class NumberSummary(MeasurementPart):
    """The numbers of one key over all frames."""

    count: int = Field(description="Number of frames with a finite number.", examples=[250])
    min: Level = Field(description="Lowest.", examples=[119.2])
    max: Level = Field(description="Highest.", examples=[122.4])
    mean: Level = Field(description="Mean.", examples=[120.8])


class FrameMetadata(MeasurementPart):
    """Metadata of one frame."""

    frame: int = Field(description="Number of the frame at this filter, from 0.", examples=[0])
    time: Level | None = Field(None, description="Seconds.", examples=[0.04])
    values: Mapping[str, Level | str] = Field(
        description="Values by key; numbers where they are numbers.",
        examples=[{"lavfi.astats.1.RMS_level": -21.06}],
    )


class MetadataMeasurement(Measurement):
    """Filters `metadata=print` and `ametadata=print`, also with `file=-`."""

    filter: Literal["metadata"] = Field("metadata", description="Name of the shape.", examples=["metadata"])
    frame_count: int = Field(description="Number of frames.", examples=[250])
    frames_every: int = Field(1, description="`frames` has one of so many.", examples=[1])
    frames: tuple[FrameMetadata, ...] = Field(description="Metadata of frames.", examples=[[]])
    summary: Mapping[str, NumberSummary] = Field(
        description="Each key with numbers, over all frames.", examples=[{}]
    )


class SignalstatsMeasurement(Measurement):
    """Filter `signalstats`, over all frames that `metadata=print` shows."""

    filter: Literal["signalstats"] = Field(
        "signalstats", description="Name of the shape.", examples=["signalstats"]
    )
    frame_count: int = Field(description="Number of frames.", examples=[250])
    values: Mapping[str, NumberSummary] = Field(
        description="Each value, such as `YAVG`, over all frames.",
        examples=[{"YAVG": {"count": 250, "min": 119.2, "max": 122.4, "mean": 120.8}}],
    )


@dataclass(slots=True)
class _Numbers:
    """Running summary of one key."""

    count: int = 0
    least: float = math.inf
    most: float = -math.inf
    total: float = 0.0

    def add(self, number: float) -> None:
        if math.isfinite(number):
            self.count += 1
            self.least, self.most = min(self.least, number), max(self.most, number)
            self.total += number

    def summary(self) -> NumberSummary:
        return NumberSummary(
            count=self.count, min=self.least, max=self.most, mean=round(self.total / self.count, 6)
        )


class MetadataCollector(Collector):
    """`frame:0 pts:0 pts_time:0`, then a line `key=value` for each entry."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._rows: Rows[FrameMetadata] = Rows(allowance, thins=True)
        self._scenes: Rows[SceneChange] = Rows(allowance)
        self._numbers: dict[str, _Numbers] = {}
        self._frame: dict[str, Any] | None = None
        self._size = 2
        self._are_keys_cut = False

    def read(self, line: str) -> None:
        if line.startswith("frame:"):
            found = _FRAME.match(line)
            if found is not None:
                self._end_frame()
                self._frame = {"frame": int(found[1]), "time": read_number(found[2]), "values": {}}
                return
        key, sign, text = line.partition("=")
        if sign and self._frame is not None:
            self._read_entry(self._frame, key[:_MAX_TEXT], text)

    def _read_entry(self, frame: dict[str, Any], key: str, text: str) -> None:
        number = read_number(text) if _NUMBER.fullmatch(text) else None
        if number is not None:
            self._summarize(key, number)
            if key == _SCENE_SCORE and self.source.selects_scenes and frame["time"] is not None:
                self._scenes.add(SceneChange(time=frame["time"], score=number), 2)
        if self._rows.wants_next:
            if len(text) > _MAX_TEXT:
                self._are_keys_cut = True
            frame["values"][key] = text[:_MAX_TEXT] if number is None else number
            self._size += 1 + (len(key) + (len(text) if number is None else 0)) // _CHARACTERS_PER_VALUE

    def _summarize(self, key: str, number: float) -> None:
        numbers = self._numbers.get(key)
        if numbers is None:
            if not self.allowance.take(4 + len(key) // _CHARACTERS_PER_VALUE):
                self._are_keys_cut = True
                return
            numbers = self._numbers[key] = _Numbers()
        numbers.add(number)

    def _end_frame(self) -> None:
        if self._frame is None:
            return
        if self._rows.wants_next:
            self._rows.add(FrameMetadata.model_construct(**self._frame), self._size)
        else:
            self._rows.skip()
        self._frame, self._size = None, 2

    def results(self, command: int) -> Iterator[Measurement]:
        self._end_frame()
        rows = self._rows
        common = {"command": command, "instance": self.source.instance or None}
        numbers = {key: found for key, found in self._numbers.items() if found.count}
        signal = {
            key.removeprefix(_SIGNALSTATS): found for key, found in numbers.items() if key.startswith(_SIGNALSTATS)
        }
        if self.source.selects_scenes and (self._scenes.count or not rows.count):
            yield make_scene(command, self.source, self._scenes)
        if signal:
            yield SignalstatsMeasurement(
                **common,
                truncated=self._are_keys_cut,
                frame_count=max(found.count for found in signal.values()),
                values={key: found.summary() for key, found in signal.items()},
            )
        yield MetadataMeasurement(
            **common,
            truncated=rows.truncated or self._are_keys_cut,
            frame_count=rows.count,
            frames_every=rows.every,
            frames=rows.kept,
            summary={key: found.summary() for key, found in numbers.items()},
        )
