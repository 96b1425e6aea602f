"""Scene changes and frames: `scdet`, and `showinfo` with or without `select='gt(scene,…)'` before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ffmpeg_worker.measurements.measurement import Collector, Measurement, MeasurementPart
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.values import Allowance, Level, Rows, read_integer, read_number

_FRAME = re.compile(r"n:\s*+(\d++)\s++pts:\s*+\S++\s++pts_time:\s*+(\S++)")
_TYPE = re.compile(r"\biskey:(\d) type:(\S)")


class SceneChange(MeasurementPart):
    """The first frame of a scene."""

    time: Level = Field(description="Seconds.", examples=[2.0])
    score: Level | None = Field(
        None,
        description="`scdet`: from 0 to 100; `select`: from 0 to 1, if `metadata=print` shows it.",
        examples=[15.625],
    )


class SceneMeasurement(Measurement):
    """Filter `scdet`, or `select='gt(scene,…)'` before `showinfo` or `metadata=print`."""

    filter: Literal["scene"] = Field("scene", description="Name of the shape.", examples=["scene"])
    count: int = Field(description="Number of scene changes.", examples=[12])
    scenes: tuple[SceneChange, ...] = Field(description="Scene changes.", examples=[[]])


class ShownFrame(MeasurementPart):
    """A frame that `showinfo` saw."""

    frame: int = Field(description="Number of the frame at this filter, from 0.", examples=[0])
    time: Level | None = Field(None, description="Seconds.", examples=[2.0])
    key: bool | None = Field(None, description="Whether it was a key frame.", examples=[True])
    type: str | None = Field(None, description="Type of picture: I, P or B.", examples=["I"])


class ShowinfoMeasurement(Measurement):
    """Filter `showinfo`."""

    filter: Literal["showinfo"] = Field("showinfo", description="Name of the shape.", examples=["showinfo"])
    frame_count: int = Field(description="Number of frames.", examples=[250])
    frames_every: int = Field(1, description="`frames` has one of so many.", examples=[1])
    frames: tuple[ShownFrame, ...] = Field(description="Frames.", examples=[[]])


class ScdetCollector(Collector):
    """`lavfi.scd.score: 15.625, lavfi.scd.time: 2`."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._rows: Rows[SceneChange] = Rows(allowance)

    def read(self, line: str) -> None:
        found = dict(part.strip().partition(": ")[::2] for part in line.split(","))
        time = read_number(found.get("lavfi.scd.time", ""))
        if time is not None:
            score = read_number(found.get("lavfi.scd.score", ""))
            self._rows.add(SceneChange(time=time, score=score), 2)

    def results(self, command: int) -> Iterator[Measurement]:
        yield make_scene(command, self.source, self._rows)


class ShowinfoCollector(Collector):
    """`n:   0 pts:  25600 pts_time:2 … iskey:0 type:P …`, and further lines for each frame."""

    def __init__(self, source: MeasuringFilter, allowance: Allowance) -> None:
        super().__init__(source, allowance)
        self._frames: Rows[ShownFrame] = Rows(allowance, thins=not source.selects_scenes)

    def read(self, line: str) -> None:
        found = _FRAME.match(line)
        if found is None:
            return
        if not self._frames.wants_next:
            self._frames.skip()
            return
        kind = _TYPE.search(line)
        frame = ShownFrame(
            frame=read_integer(found[1]) or 0,
            time=read_number(found[2]),
            key=None if kind is None else kind[1] == "1",
            type=None if kind is None else kind[2],
        )
        self._frames.add(frame, 4)

    def results(self, command: int) -> Iterator[Measurement]:
        frames = self._frames
        if self.source.selects_scenes:
            yield SceneMeasurement(
                command=command,
                instance=self.source.instance,
                truncated=frames.truncated,
                count=frames.count,
                scenes=tuple(SceneChange(time=one.time) for one in frames.kept if one.time is not None),
            )
            return
        yield ShowinfoMeasurement(
            command=command,
            instance=self.source.instance,
            truncated=frames.truncated,
            frame_count=frames.count,
            frames_every=frames.every,
            frames=frames.kept,
        )


def make_scene(command: int, source: MeasuringFilter, rows: Rows[SceneChange]) -> SceneMeasurement:
    """The measurement of scene changes."""
    return SceneMeasurement(
        command=command,
        instance=source.instance,
        truncated=rows.truncated,
        count=rows.count,
        scenes=rows.kept,
    )
