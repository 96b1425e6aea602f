"""Reads the reports of ffmpeg's `-progress` from a stream."""

from __future__ import annotations

import math
from dataclasses import dataclass

# A line of a report has a few dozen bytes.
_MAX_LINE_BYTES = 4096


@dataclass(frozen=True)
class Progress:
    """One report; None where ffmpeg does not know a value (yet).

    `speed` is media time per wall-clock time, `fps` frames per second of that. `ended` marks the last report, also
    of a run that was stopped.
    """

    frame: int | None = None
    out_time_s: float | None = None
    speed: float | None = None
    fps: float | None = None
    ended: bool = False


class ProgressReader:
    """Collects `key=value` lines until a line `progress=…` completes a report; chunks may end anywhere."""

    def __init__(self) -> None:
        self._partial = b""
        self._values: dict[bytes, bytes] = {}

    def feed(self, chunk: bytes) -> list[Progress]:
        """Return the reports that this chunk completes."""
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._partial = self._partial[:_MAX_LINE_BYTES]
        reports = []
        for line in lines:
            key, _, value = line.partition(b"=")
            self._values[key.strip()] = value.strip()
            if key == b"progress":
                reports.append(_report(self._values))
                self._values = {}
        return reports


def _report(values: dict[bytes, bytes]) -> Progress:
    frame = _number(values.get(b"frame"))
    # "out_time_ms" is in microseconds too; it is the older name.
    out_time_us = _number(values.get(b"out_time_us", values.get(b"out_time_ms")))
    out_time_s = None if out_time_us is None else out_time_us / 1_000_000
    speed = _number(values.get(b"speed", b"").removesuffix(b"x"))
    return Progress(
        frame=None if frame is None else int(frame),
        out_time_s=out_time_s,
        speed=speed,
        fps=_number(values.get(b"fps")) or _derive_fps(frame, out_time_s, speed),
        ended=values[b"progress"] == b"end",
    )


def _derive_fps(frame: float | None, out_time_s: float | None, speed: float | None) -> float | None:
    """Frames per second from the other values: in its first second, FFmpeg reports 0."""
    return frame * speed / out_time_s if frame and speed and out_time_s and out_time_s > 0 else None


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
