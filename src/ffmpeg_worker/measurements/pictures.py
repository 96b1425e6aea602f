"""Properties of pictures: `blackframe`, `cropdetect` and `idet`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, Rows, read_integer, read_number

_CROP = re.compile(r"\bcrop=(-?\d{1,9}):(-?\d{1,9}):(-?\d{1,9}):(-?\d{1,9})")
_FIELD_COUNT = re.compile(r"(\w++):\s++(\d++)")
_ORDERS_EXAMPLE = {"tff": 0, "bff": 0, "progressive": 250, "undetermined": 0}
_IDET_LINES = {
    "Repeated Fields": "repeated_fields",
    "Single frame detection": "single_frame",
    "Multi frame detection": "multiple_frame",
}


class BlackFrame(MeasurementPart):
    """A frame that is almost black."""

    frame: int = Field(description="Number of the frame, from 0.", examples=[0])
    time: Level | None = Field(None, description="Seconds.", examples=[0.0])
    pblack: int | None = Field(None, description="Percentage of black pixels.", examples=[100])


class BlackframeMeasurement(Measurement):
    """Filter `blackframe`."""

    filter: Literal["blackframe"] = Field("blackframe", description="Name of the shape.", examples=["blackframe"])
    count: int = Field(description="Number of black frames.", examples=[20])
    frames_every: int = Field(1, description="`frames` has one of so many.", examples=[1])
    frames: tuple[BlackFrame, ...] = Field(description="Black frames.", examples=[[]])


class BlackframeCollector(Collector):
    """`frame:0 pblack:100 pts:0 t:0.000000 type:I last_keyframe:0`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._rows: Rows[BlackFrame] = Rows(allowance, thins=True)

    def read(self, line: str) -> None:
        if not line.startswith("frame:"):
            return
        if not self._rows.wants_next:
            self._rows.skip()
            return
        found = dict(word.partition(":")[::2] for word in line.split())
        frame = BlackFrame(
            frame=read_integer(found["frame"]) or 0,
            time=read_number(found.get("t", "")),
            pblack=read_integer(found.get("pblack", "")),
        )
        self._rows.add(frame, 3)

    def results(self, command: int) -> Iterator[Measurement]:
        rows = self._rows
        yield BlackframeMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=rows.truncated,
            count=rows.count,
            frames_every=rows.every,
            frames=rows.kept,
        )


class CropSuggestion(MeasurementPart):
    """A rectangle, and in how many frames it was suggested."""

    crop: str = Field(description="Value for the filter `crop`.", examples=["320:176:0:2"])
    frames: int = Field(description="Number of frames.", examples=[248])
    first_time: Level | None = Field(None, description="Time of the first of them in seconds.", examples=[0.08])


class CropdetectMeasurement(Measurement):
    """Filter `cropdetect`."""

    filter: Literal["cropdetect"] = Field("cropdetect", description="Name of the shape.", examples=["cropdetect"])
    crop: str = Field(
        description="The last suggestion, for the filter `crop`; it covers all frames before it, without `reset`.",
        examples=["320:176:0:2"],
    )
    w: int = Field(description="Its width.", examples=[320])
    h: int = Field(description="Its height.", examples=[176])
    x: int = Field(description="Its left edge.", examples=[0])
    y: int = Field(description="Its upper edge.", examples=[2])
    frame_count: int = Field(description="Number of frames with a suggestion.", examples=[248])
    crops: tuple[CropSuggestion, ...] = Field(
        description="All different suggestions, in their order.", examples=[[]]
    )


class CropdetectCollector(Collector):
    """`x1:0 x2:319 … t:0.080000 limit:0.094118 crop=320:176:0:2`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._last: tuple[int, ...] | None = None
        self._count = 0
        self._crops: dict[tuple[int, ...], tuple[int, float | None]] = {}
        self._is_cut = False

    def read(self, line: str) -> None:
        found = _CROP.search(line)
        if found is None:
            return
        self._count += 1
        self._last = tuple(map(int, found.groups()))
        if self._last in self._crops:
            frames, first_time = self._crops[self._last]
            self._crops[self._last] = (frames + 1, first_time)
        elif self.allowance.take(3):
            words = dict(word.partition(":")[::2] for word in line.split())
            self._crops[self._last] = (1, read_number(words.get("t", "")))
        else:
            self._is_cut = True

    def results(self, command: int) -> Iterator[Measurement]:
        if self._last is None:
            return
        w, h, x, y = self._last
        yield CropdetectMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=self._is_cut,
            crop=_join(self._last),
            w=w,
            h=h,
            x=x,
            y=y,
            frame_count=self._count,
            crops=tuple(
                CropSuggestion(crop=_join(crop), frames=frames, first_time=first_time)
                for crop, (frames, first_time) in self._crops.items()
            ),
        )


def _join(crop: tuple[int, ...]) -> str:
    return ":".join(map(str, crop))


class RepeatedFields(MeasurementPart):
    """Number of frames by the field that repeats the previous frame's."""

    neither: int = Field(0, description="No field is repeated.", examples=[250])
    top: int = Field(0, description="The top field is repeated.", examples=[0])
    bottom: int = Field(0, description="The bottom field is repeated.", examples=[0])


class FieldOrders(MeasurementPart):
    """Number of frames by field order."""

    tff: int = Field(0, description="Top field first.", examples=[0])
    bff: int = Field(0, description="Bottom field first.", examples=[0])
    progressive: int = Field(0, description="Not interlaced.", examples=[250])
    undetermined: int = Field(0, description="Not known.", examples=[0])


class IdetMeasurement(Measurement):
    """Filter `idet`."""

    filter: Literal["idet"] = Field("idet", description="Name of the shape.", examples=["idet"])
    repeated_fields: RepeatedFields | None = Field(
        None, description="Repeated fields.", examples=[{"neither": 250, "top": 0, "bottom": 0}]
    )
    single_frame: FieldOrders | None = Field(None, description="Each frame by itself.", examples=[_ORDERS_EXAMPLE])
    multiple_frame: FieldOrders | None = Field(None, description="With its neighbors.", examples=[_ORDERS_EXAMPLE])


class IdetCollector(Collector):
    """`Single frame detection: TFF:     0 BFF:     0 Progressive:   250 Undetermined:     0`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._found: dict[str, dict[str, int]] = {}

    def read(self, line: str) -> None:
        title, _, counts = line.partition(": ")
        name = _IDET_LINES.get(title)
        if name is not None:
            self._found[name] = {key.lower(): int(count[:18]) for key, count in _FIELD_COUNT.findall(counts)}

    def results(self, command: int) -> Iterator[Measurement]:
        if self._found:
            values = {"command": command, "instance": self.source.instance, **self._found}
            yield IdetMeasurement.model_validate(values)
