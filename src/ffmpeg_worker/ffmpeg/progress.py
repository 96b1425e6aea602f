"""What ffmpeg's `-progress` reports, read from a stream that may be cut anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

# A line of a report is a few dozen bytes; more without a line end is not a report.
_MAX_LINE_BYTES = 4096


@dataclass(frozen=True)
class Progress:
    """One report; None for what ffmpeg does not know (yet). `speed` is media time per wall time.

    `ended` says that it is the last one, not that the run was a success: a stopped ffmpeg reports it too.
    """

    frame: int | None = None
    fps: float | None = None
    out_time_s: float | None = None
    total_size_bytes: int | None = None
    speed: float | None = None
    ended: bool = False


class ProgressReader:
    """Collects `key=value` lines until the line `progress=…` completes a report."""

    def __init__(self) -> None:
        self._partial = b""
        self._values: dict[bytes, bytes] = {}

    def feed(self, chunk: bytes) -> list[Progress]:
        """The reports that are complete with this chunk."""
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        if len(self._partial) > _MAX_LINE_BYTES:
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
    # "out_time_ms" is in microseconds as well, and older than "out_time_us".
    out_time_us = _number(values.get(b"out_time_us", values.get(b"out_time_ms")))
    return Progress(
        frame=_whole(values.get(b"frame")),
        fps=_number(values.get(b"fps")),
        out_time_s=None if out_time_us is None else out_time_us / 1_000_000,
        total_size_bytes=_whole(values.get(b"total_size")),
        speed=_number(values.get(b"speed", b"").removesuffix(b"x")),
        ended=values[b"progress"] == b"end",
    )


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: bytes | None) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
