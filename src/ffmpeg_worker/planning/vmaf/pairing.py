"""What two videos need to become comparable: one size, one pixel format, one clock; and what that says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.media import StreamInfo
from ffmpeg_worker.planning.vmaf.color import warn_about_color

RATE_TOLERANCE = Fraction(1, 2000)
"""Rates nearer than this are the same rate measured twice. 24 and 23.976 differ by twice as much."""

SPEED_CHANGE = Fraction(1, 10)
"""Film is sped up from 24 to 25, never by more than this; half the frames at half the rate is a shorter cut."""

FALLBACK_RATE = Fraction(25)

_DEPTH = re.compile(r"(?:p|gray|x2rgb|x2bgr|p0)(9|10|12|14|16)(?:le|be)?$")
_DEEP_PACKED = (
    "rgb48",
    "bgr48",
    "rgba64",
    "bgra64",
    "gbrpf",
    "grayf",
    "rgbf",
    "p210",
    "p410",
    "p212",
    "p412",
    "y210",
)
_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})


class PairedBy(StrEnum):
    """How frames of both videos find each other."""

    TIME = "time"
    """By nearest time stamp: the rates are the same."""
    NUMBER = "number"
    """Frame n with frame n: the same number of frames, played at different rates."""
    RESAMPLED = "resampled"
    """The distorted video is brought to the reference's rate first."""


@dataclass(frozen=True, slots=True)
class Video:
    """One side: size in pixels as shown (after rotation), rate in frames per second."""

    name: str
    staged: str
    width: int
    height: int
    rate: Fraction | None
    stream: StreamInfo
    length_s: float | None
    length_is_exact: bool

    @property
    def count(self) -> int | None:
        """Number of frames, counted by the container or worked out."""
        if self.stream.frames:
            return self.stream.frames
        return round(self.length_s * self.rate) if self.length_s and self.rate else None

    @property
    def deep(self) -> bool:
        """Whether samples have more than 8 bits."""
        pix_fmt = self.stream.pix_fmt or ""
        return bool(_DEPTH.search(pix_fmt)) or pix_fmt.startswith(_DEEP_PACKED)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Both sides and what they are compared at; `rate` is the reference's, `measured_rate` the lower of both."""

    reference: Video
    distorted: Video
    width: int
    height: int
    rate: Fraction
    measured_rate: Fraction
    clock: PairedBy

    def facts(self) -> dict[str, Any]:
        """The part of the result's `alignment` that is known beforehand."""
        return {
            "frame_rate": {
                "reference": _rounded(self.reference.rate),
                "distorted": _rounded(self.distorted.rate),
                "compared": _rounded(self.rate),
                "paired_by": self.clock.value,
            },
            "size": {
                "reference": f"{self.reference.width}x{self.reference.height}",
                "distorted": f"{self.distorted.width}x{self.distorted.height}",
                "compared": f"{self.width}x{self.height}",
            },
            "durations": {
                "reference": _rounded(self.reference.length_s),
                "distorted": _rounded(self.distorted.length_s),
            },
        }

    def warnings(self) -> tuple[str, ...]:
        """One sentence for everything that was changed, or that makes the score doubtful."""
        return (*_rate_warnings(self), *_size_warnings(self), *_picture_warnings(self))

    def length_s(self, video: Video) -> float | None:
        """Seconds that `video` lasts on the clock of the comparison."""
        if self.clock is PairedBy.NUMBER and video.count:
            return float(video.count / self.rate)
        return video.length_s


def pair_videos(reference: LocalFile, distorted: LocalFile, scale: str | None) -> Pairing:
    """Settle what both are compared at.

    Args:
        reference: `input1`.
        distorted: `input2`.
        scale: `WIDTHxHEIGHT` wanted instead of the reference's size.

    Raises:
        SourceUnreadable: one of them holds no video.
    """
    ours, theirs = _read_video("input1", reference), _read_video("input2", distorted)
    width, height = (int(side) for side in scale.split("x")) if scale else (ours.width, ours.height)
    rate = ours.rate or theirs.rate or FALLBACK_RATE
    other = theirs.rate or rate
    clock = _choose_clock(ours, theirs, rate, other)
    measured = min(rate, other) if clock is PairedBy.RESAMPLED else rate
    return Pairing(ours, theirs, width, height, rate, measured, clock)


def _choose_clock(ours: Video, theirs: Video, rate: Fraction, other: Fraction) -> PairedBy:
    apart = abs(rate - other) / rate
    if apart <= RATE_TOLERANCE:
        return PairedBy.TIME
    counts = ours.count, theirs.count
    return (
        PairedBy.NUMBER if apart <= SPEED_CHANGE and counts[0] and counts[0] == counts[1] else PairedBy.RESAMPLED
    )


def _read_video(name: str, file: LocalFile) -> Video:
    stream = file.media.video if file.media else None
    if file.media is None or stream is None or not stream.width or not stream.height:
        raise SourceUnreadable(
            f"{name} holds no video.",
            code="no_video_stream",
            hint="VMAF compares the pictures of two videos: input1 is the reference, input2 the distorted one.",
            where={"input": name},
        )
    lying = stream.rotation % 180 != 0
    width, height = (stream.height, stream.width) if lying else (stream.width, stream.height)
    length = stream.duration_s or file.media.duration_s
    # Matroska states when the last frame ends, not how long the video is.
    exact = bool(stream.duration_s) and "matroska" not in file.media.format_name
    return Video(name, file.staged, width, height, stream.fps, stream, length, exact)


def _rate_warnings(pairing: Pairing) -> Iterator[str]:
    rates = f"{_rounded(pairing.distorted.rate)} against the reference's {_rounded(pairing.reference.rate)} fps"
    if pairing.clock is PairedBy.RESAMPLED:
        yield (
            f"The distorted video has {rates}: for each frame of the reference, the one on screen at that "
            "time was taken."
        )
    if pairing.clock is PairedBy.NUMBER:
        yield f"The distorted video has {rates} but as many frames: they were paired by number, not by time."


def _size_warnings(pairing: Pairing) -> Iterator[str]:
    compared = f"{pairing.width}x{pairing.height}"
    for word, video in (("reference", pairing.reference), ("distorted video", pairing.distorted)):
        if (video.width, video.height) == (pairing.width, pairing.height):
            continue
        yield f"The {word} was scaled from {video.width}x{video.height} to {compared} (bicubic)."
        shape = video.width * pairing.height / (video.height * pairing.width)
        if abs(shape - 1) > 0.02:
            yield f"Scaling changed the shape of the {word} by {abs(shape - 1):.0%}, if its pixels are square."


def _picture_warnings(pairing: Pairing) -> Iterator[str]:
    ours, theirs = pairing.reference.stream, pairing.distorted.stream
    for word, stream in (("reference", ours), ("distorted video", theirs)):
        if stream.field_order in _INTERLACED:
            yield f"The {word} is interlaced and was compared without deinterlacing."
    yield from warn_about_color(ours, theirs)


def _rounded(value: Fraction | float | None) -> float | None:
    return None if value is None else round(float(value), 3)
