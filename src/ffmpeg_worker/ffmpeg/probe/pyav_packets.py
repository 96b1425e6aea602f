"""Finds the frames of a video by its packets, without decoding."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av.container import InputContainer
from av.video.stream import VideoStream

from ffmpeg_worker.budgets import INDEXED_PACKETS

_MAX_TITLE = 256
_MICROSECOND = Fraction(1, 1_000_000)


def index_packets(container: InputContainer) -> dict[str, Any]:
    """Describe the frames of the only video stream as JSON; see `PacketIndex` in planning/chunks/.

    Rational numbers are texts. Where something is wrong, there is only `problem`, a clause.
    """
    videos = container.streams.video
    if len(videos) != 1:
        return {"problem": f"the file has {len(videos) or 'no'} video streams"}
    (video,) = videos
    rate = video.guessed_rate
    if not rate or video.time_base is None:
        return {"problem": "the frame rate of the source is not known"}
    times: list[int] = []
    keys: list[int] = []
    for packet in container.demux(video):
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is None or packet.is_corrupt:
            return {"problem": "the source has packets that are damaged, or without timestamps"}
        if len(times) >= INDEXED_PACKETS:
            return {"problem": f"the source has more than {INDEXED_PACKETS} frames"}
        times.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
    times.sort()
    if not times or any(before == after for before, after in pairwise(times)):
        return {"problem": "frames of the source have the same timestamp, or there are none"}
    first = times[0] * video.time_base - (container.start_time or 0) * _MICROSECOND
    return {
        "frames": len(times),
        "keys": list(_thin_out([bisect_left(times, key) for key in sorted(keys)], int(rate))),
        "rate": str(rate),
        "first": str(first),
        "span": str((times[-1] - times[0]) * video.time_base),
        "deviation": _find_deviation(times, video, rate),
        "parameters": hashlib.sha256(video.codec_context.extradata or b"").hexdigest(),
        "disposition": [flag.name for flag in type(video.disposition) if flag in video.disposition],
        "titles": [each.metadata.get("title", "")[:_MAX_TITLE] for each in container.streams],
        "has_timecode": any("timecode" in each.metadata for each in container.streams),
    }


def _find_deviation(times: Sequence[int], video: VideoStream, rate: Fraction) -> float:
    """The largest distance of a frame from its place on the grid, in frames."""
    scale = float((video.time_base or 0) * rate)
    return max(abs((time - times[0]) * scale - number) for number, time in enumerate(times))


def _thin_out(numbers: Sequence[int], distance: int) -> Iterator[int]:
    """The first of each group of numbers that are closer together than `distance`."""
    last: int | None = None
    for number in numbers:
        if last is None or number - last >= distance:
            yield number
            last = number
