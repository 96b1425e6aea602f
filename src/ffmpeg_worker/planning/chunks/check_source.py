"""Checks whether the frames of a source can be told apart by their times alone."""

from __future__ import annotations

from fractions import Fraction

from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex
from ffmpeg_worker.planning.chunks.splittable import Splittable
from ffmpeg_worker.planning.commands.steady_filters import read_rate

_INDEXED_FORMATS = frozenset({"mov", "matroska"})
_MAX_DEVIATION = 0.1
"""Frames; timestamps in whole milliseconds are at most 0.06 frames from their place at 120 frames a second."""
_RATE_NAMES = {
    "ntsc": Fraction(30000, 1001),
    "pal": Fraction(25),
    "film": Fraction(24),
    "ntsc-film": Fraction(24000, 1001),
}


def check_source(command: Splittable, media: MediaInfo, index: PacketIndex) -> None:
    """Check the source of a command that may be split.

    Raises:
        NotSplit: it has no index, more than one video stream, or no constant frame rate; or its frames would not
            become the frames of the output one by one.
    """
    videos = [stream for stream in media.streams if stream.kind == "video"]
    if len(videos) != 1:
        raise NotSplit(f"the source has {len(videos) or 'no'} video streams, with cover art")
    if media.format not in _INDEXED_FORMATS:
        raise NotSplit("the source is not an MP4, MOV or Matroska file, whose index tells where its frames are")
    if media.format == "mov" and not videos[0].frames:
        raise NotSplit("the source is a fragmented file without an index of all frames")
    if command.encoder == "libvpx-vp9" and _has_alpha(videos[0].pix_fmt or ""):
        raise NotSplit("the source is transparent")
    if index.problem:
        raise NotSplit(index.problem)
    if index.has_timecode and command.container.has_timecode:
        raise NotSplit("the source has a timecode, which the output keeps in a track of its own")
    _check_grid(command, index)


def _has_alpha(pixel_format: str) -> bool:
    return pixel_format.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya"))


def _check_grid(command: Splittable, index: PacketIndex) -> None:
    if index.deviation > _MAX_DEVIATION:
        raise NotSplit("the frame rate of the source is not constant")
    if any(_rate_of(text) != index.rate for text in command.rates):
        raise NotSplit(f"it changes the frame rate of the source, {float(index.rate):.5g}")
    if index.first_s < 0:
        raise NotSplit("the video of the source begins before the file does")
    place = index.first_s * index.rate
    if abs(place % 1 - Fraction(1, 2)) <= index.deviation + 0.01:
        raise NotSplit("the first frame of the source is between two multiples of a frame's duration")
    if command.is_constant_rate and index.first_s != 0:
        raise NotSplit("the video of the source starts late, and a constant frame rate fills the time before it")


def _rate_of(text: str) -> Fraction | None:
    return _RATE_NAMES.get(text) or read_rate(text)
