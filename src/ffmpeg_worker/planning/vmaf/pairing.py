"""Decide how two videos are made comparable: frame size, frame rate and how frames are paired."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any, Literal

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.media import StreamInfo
from ffmpeg_worker.planning.vmaf.color import warn_about_color

RATE_TOLERANCE = Fraction(1, 2000)
"""Relative difference up to which two frame rates count as equal. 24 and 23.976 differ by twice as much."""

SPEED_CHANGE = Fraction(1, 10)
"""Largest relative difference for pairing by number: 24 fps content is often played at 25 fps."""

FALLBACK_RATE = Fraction(25)

_DEPTH = re.compile(r"(?:p|gray|x2rgb|x2bgr|p0)(9|10|12|14|16)(?:le|be)?$")
_DEEP_PACKED = tuple("rgb48 bgr48 rgba64 bgra64 gbrpf grayf rgbf p210 p410 p212 p412 y210".split())
_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})


class PairedBy(StrEnum):
    """The way in which the frames of both videos are paired."""

    TIME = "time"
    """By nearest timestamp; the rates are equal."""
    NUMBER = "number"
    """Frame n with frame n; both have the same number of frames at different rates."""
    RESAMPLED = "resampled"
    """By timestamp, after resampling the distorted video to the rate of the reference."""


@dataclass(frozen=True, slots=True)
class Video:
    """One of the two videos: size in pixels after rotation, rate in frames per second; `label` is for warnings."""

    label: Literal["reference", "distorted video"]
    staged: str
    width: int
    height: int
    rate: Fraction | None
    stream: StreamInfo
    length_s: float | None
    length_is_exact: bool
    is_image: bool = False

    @property
    def frame_count(self) -> int | None:
        """Number of frames from the container, else from duration and rate; `None` if unknown."""
        if self.is_image:
            return 1
        if self.stream.frames:
            return self.stream.frames
        return round(self.length_s * self.rate) if self.length_s and self.rate else None

    @property
    def is_deep(self) -> bool:
        """Whether samples have more than 8 bits."""
        pix_fmt = self.stream.pix_fmt or ""
        return bool(_DEPTH.search(pix_fmt)) or pix_fmt.startswith(_DEEP_PACKED)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two videos and how they are compared.

    Attributes:
        reference, distorted: the videos.
        width, height: frame size of the comparison in pixels.
        rate: frames per second of the comparison.
        paired_by: how frames are paired.
    """

    reference: Video
    distorted: Video
    width: int
    height: int
    rate: Fraction
    paired_by: PairedBy

    @property
    def tick(self) -> Fraction:
        """The unit of timestamps in seconds: a quarter of a frame."""
        return 1 / (4 * self.rate)

    @property
    def slower_rate(self) -> Fraction:
        """The lower of both rates in frames per second, counted as the frames are paired."""
        if self.paired_by is not PairedBy.RESAMPLED:
            return self.rate
        return min(video.rate or self.rate for video in self.videos)

    def examined_s(self, margin_s: float) -> float | None:
        """Seconds of both videos that are examined: what they share, and a margin; `None`: all."""
        lengths = [self.length_s(video) for video in self.videos]
        known = [length for length in lengths if length is not None]
        # A length may be a little wrong, and a second decoding of a long tail would take long.
        return min(known) * 1.02 + margin_s + 1 if len(known) == len(lengths) else None

    @property
    def tolerance(self) -> int:
        """Frames by which a change of the frame rate may move what is shown."""
        if self.paired_by is not PairedBy.RESAMPLED:
            return 0
        return ceil(self.rate / self.slower_rate)

    @property
    def videos(self) -> tuple[Video, Video]:
        """The reference and the distorted video."""
        return self.reference, self.distorted

    def properties(self, overlap_s: float | None) -> dict[str, Any]:
        """Frame rates, sizes and durations, for the result's `alignment`; `overlap_s` is what is compared."""
        return {
            "frame_rate": {
                "reference": rounded(self.reference.rate),
                "distorted": rounded(self.distorted.rate),
                "compared": rounded(self.rate),
                "paired_by": self.paired_by.value,
            },
            "size": {
                "reference": f"{self.reference.width}x{self.reference.height}",
                "distorted": f"{self.distorted.width}x{self.distorted.height}",
                "compared": f"{self.width}x{self.height}",
            },
            "durations": {
                "reference": rounded(self.reference.length_s),
                "distorted": rounded(self.distorted.length_s),
                "compared": rounded(overlap_s),
            },
        }

    def warnings(self) -> tuple[str, ...]:
        """One sentence for each conversion, and for each thing that makes the score doubtful."""
        return (*_rate_warnings(self), *_size_warnings(self), *_content_warnings(self))

    def length_s(self, video: Video) -> float | None:
        """Duration of `video` in seconds at the rate of the comparison; `None` if unknown."""
        if self.paired_by is PairedBy.NUMBER and video.frame_count:
            return float(video.frame_count / self.rate)
        return video.length_s


def pair_videos(reference: LocalFile, distorted: LocalFile, scale: str | None) -> Pairing:
    """Decide how two videos are compared; `scale` is the frame size as `WIDTHxHEIGHT`, else that of the reference.

    Raises:
        SourceUnreadable: a file has no video.
    """
    first = _read_video("input1", "reference", reference)
    second = _read_video("input2", "distorted video", distorted)
    width, height = (int(side) for side in scale.split("x")) if scale else (first.width, first.height)
    rate = first.rate or second.rate or FALLBACK_RATE
    other = second.rate or rate
    paired_by = _choose_pairing(first, second, rate, other)
    return Pairing(first, second, width, height, rate, paired_by)


def _choose_pairing(reference: Video, distorted: Video, rate: Fraction, other: Fraction) -> PairedBy:
    if 1 in {reference.frame_count, distorted.frame_count}:
        return PairedBy.NUMBER  # the rate of an image means nothing
    apart = abs(rate - other) / rate
    if apart <= RATE_TOLERANCE:
        return PairedBy.TIME
    has_same_count = reference.frame_count and reference.frame_count == distorted.frame_count
    return PairedBy.NUMBER if apart <= SPEED_CHANGE and has_same_count else PairedBy.RESAMPLED


def _read_video(name: str, label: Literal["reference", "distorted video"], file: LocalFile) -> Video:
    stream = file.media.video if file.media else None
    if file.media is None or stream is None:
        raise _no_video(name, file)
    if not stream.width or not stream.height:
        raise SourceUnreadable(
            f"The size of the video of {name} is unknown: it may be cut off or damaged.",
            code="no_video_stream",
            hint="Send the whole file, or convert it first.",
            where={"input": name},
        )
    is_sideways = stream.rotation % 180 != 0
    width, height = (stream.height, stream.width) if is_sideways else (stream.width, stream.height)
    is_matroska = "matroska" in file.media.format_name
    length = stream.duration_s or file.media.duration_s
    if is_matroska and length:  # the time of the end
        start = stream.start_s if stream.start_s is not None else file.media.start_s
        length = length - (start or 0.0) if length > (start or 0.0) else length
    exact = bool(stream.duration_s) and not is_matroska
    is_image = file.media.format_name.endswith("_pipe") or file.media.format == "image2"
    return Video(label, file.staged, width, height, stream.fps, stream, length, exact, is_image)


def _no_video(name: str, file: LocalFile) -> SourceUnreadable:
    streams = file.media.streams if file.media else ()
    kinds = {"cover" if stream.is_cover else stream.kind for stream in streams}
    if "cover" in kinds:
        found = "only audio with a cover picture" if "audio" in kinds else "only a cover picture"
    else:
        found = "only audio" if "audio" in kinds else "no pictures"
    return SourceUnreadable(
        f"{name} has no video: it contains {found}.",
        code="no_video_stream",
        hint="VMAF compares two videos or images: input1 is the reference, input2 the distorted one.",
        where={"input": name},
    )


def _rate_warnings(pairing: Pairing) -> Iterator[str]:
    if 1 in {video.frame_count for video in pairing.videos}:
        return
    rates = f"{rounded(pairing.distorted.rate)} against the reference's {rounded(pairing.reference.rate)} fps"
    if pairing.paired_by is PairedBy.RESAMPLED:
        yield (
            f"The distorted video has {rates}: each frame of the reference was compared with the frame shown at "
            "that time."
        )
    if pairing.paired_by is PairedBy.NUMBER:
        yield f"The distorted video has {rates} but as many frames: they were paired by number, not by time."


def _size_warnings(pairing: Pairing) -> Iterator[str]:
    compared = f"{pairing.width}x{pairing.height}"
    for video in pairing.videos:
        if (video.width, video.height) == (pairing.width, pairing.height):
            continue
        yield f"The {video.label} was scaled from {video.width}x{video.height} to {compared} (bicubic)."
        shape = video.width * pairing.height / (video.height * pairing.width)
        if abs(shape - 1) > 0.02:
            change = f"the aspect ratio of the {video.label} by {abs(shape - 1):.0%}"
            yield f"Scaling changed {change}, if its pixels are square."


def _content_warnings(pairing: Pairing) -> Iterator[str]:
    for video in pairing.videos:
        if video.stream.field_order in _INTERLACED:
            yield f"The {video.label} is interlaced and was compared without deinterlacing."
    yield from warn_about_color(pairing.reference.stream, pairing.distorted.stream)


def rounded(value: Fraction | float | None) -> float | None:
    """The value as results show it."""
    return None if value is None else round(float(value), 3)
