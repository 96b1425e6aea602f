"""Times in commands, and estimates of the length of outputs, for progress."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup
from ffmpeg_worker.job.media import MediaInfo

_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1.0}
_PLAIN = re.compile(r"(-?)(\d{1,18}(?:\.\d*)?|\.\d+)(s|ms|us|)")
_CLOCK = re.compile(r"(-?)(?:(\d{1,18}):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")
_LAVFI_DURATION = re.compile(r"(?:^|[:=])d(?:uration)?=([\d.:]+)")


def read_time(text: str | None) -> float | None:
    """Seconds of an ffmpeg time such as `90`, `1.5`, `200ms`, `01:02:03.5`; `None` for other texts."""
    match = _PLAIN.fullmatch(text or "")
    if match:
        return float(f"{match.group(1)}{match.group(2)}") * _UNITS[match.group(3)]
    match = _CLOCK.fullmatch(text or "")
    if match:
        sign, hours, minutes, seconds = match.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        return -total if sign else total
    return None


def estimate_duration(command: CommandLine, media: Sequence[MediaInfo | None]) -> float | None:
    """Estimated seconds of the longest output, for progress only.

    `media` are facts of its inputs, in order; `None` where there are none.
    """
    known = []
    for group, info in zip(command.inputs, media, strict=True):
        length = _cut(group, info.duration_s if info is not None else _lavfi_duration(group))
        if length is not None:
            known.append(length)
    longest = max(known, default=None)
    if any(output.has("shortest") for output in command.outputs):
        longest = min(known, default=None)
    cuts = [cut for output in command.outputs if (cut := _cut(output, longest)) is not None]
    return max(cuts, default=None)


def _cut(group: FileGroup, full: float | None) -> float | None:
    """Apply `-ss`, `-t` and `-to` of a group to a length."""
    start = read_time(group.value_of("ss")) or 0.0
    limit, end = read_time(group.value_of("t")), read_time(group.value_of("to"))
    if limit is None and end is not None:
        limit = end - start
    if full is None:
        return limit
    rest = max(full - max(start, 0.0), 0.0)
    return rest if limit is None else min(rest, limit)


def _lavfi_duration(group: FileGroup) -> float | None:
    if group.value_of("f") != "lavfi":
        return None
    match = _LAVFI_DURATION.search(group.url)
    return read_time(match.group(1).rstrip(":")) if match else None
