"""Decodes the frames at both ends of a video, to show that players can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, dropwhile, islice
from typing import Any

from av.container import InputContainer
from av.video.frame import VideoFrame

from ffmpeg_worker.ffmpeg.probe.pyav_coded_frames import NotReadable, find_video

_MARGIN_S = 1


def decode_ends(container: InputContainer, first_frames: int, last_key: int) -> dict[str, Any]:
    """Decode the first frames, and those from a key frame near the end on, which is shown at `last_key`.

    Return the times of both in the order in which they are shown, `first` and `last`, in units of `time_base`, as
    is `last_key`; or `problem`, a clause.
    """
    try:
        video, _ = find_video(container)
        scale = video.time_base or Fraction(1)
        first = list(_times(islice(container.decode(video), first_frames)))
        # Some demuxers find a place by decoding times, which may be earlier.
        container.seek(last_key - int(_MARGIN_S / scale), stream=video, backward=True)
        packets = dropwhile(lambda packet: packet.pts != last_key, container.demux(video))
        frames = chain.from_iterable(packet.decode() for packet in packets)
        last = [time for time in _times(frames) if time >= last_key]
    except NotReadable as reason:
        return {"problem": str(reason)}
    return {"first": first, "last": last, "time_base": str(scale)}


def _times(frames: Iterable[VideoFrame]) -> Iterator[int]:
    """The times of frames.

    Raises:
        NotReadable: one was decoded in part, or has no time.
    """
    for frame in frames:
        if frame.is_corrupt or frame.pts is None:
            raise NotReadable("a frame cannot be decoded in full")
        yield frame.pts
