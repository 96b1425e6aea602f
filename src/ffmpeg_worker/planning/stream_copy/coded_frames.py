"""The coded frames of a part of a video: order, times and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ffmpeg_worker.bitstreams.nal_units import Codec, PictureKind


@dataclass(frozen=True, slots=True)
class CodedFrames:
    """The packets of the only video of a file, from a key frame on, in the order in which they are decoded.

    Attributes:
        codec: H.264 or HEVC.
        time_base: seconds of one unit of `pts`.
        start_s: time at which the file starts; times in commands are relative to it.
        rate: frames per second, as FFmpeg takes it for the file.
        pts: when each frame is shown.
        kinds: what each frame means for decoders.
        last_duration: of the last packet, in units of `time_base`; 0 where it is not known.
        has_whole_start: whether the first frame is a key frame at or before the time that was asked for.
        extradata: parameter sets as in the container.
        pix_fmt, profile, level: of the decoder, as FFmpeg names them.
        field_order: 0 and 1 are progressive.
        color: primaries, transfer and matrix, as in ITU-T H.273.
        color_range: 1 is limited, 2 is full.
        disposition: see `PacketIndex` in planning/chunks/.
        sound_packet_s: length of the packets of the first sound; 0 where there is none, or that is not known.
        has_timecode: whether the file has a timecode.
        problem: why the frames cannot be told apart, as a clause; empty if they can.
    """

    codec: Codec = "h264"
    time_base: Fraction = Fraction(1)
    start_s: Fraction = Fraction(0)
    rate: Fraction = Fraction(1)
    pts: tuple[int, ...] = ()
    kinds: tuple[PictureKind, ...] = ()
    last_duration: int = 0
    has_whole_start: bool = True
    extradata: bytes = b""
    pix_fmt: str = ""
    profile: str = ""
    level: int = 0
    field_order: int = 0
    color: tuple[int, ...] = ()
    color_range: int = 0
    disposition: tuple[str, ...] = ()
    sound_packet_s: Fraction = Fraction(0)
    has_timecode: bool = False
    problem: str = ""

    @property
    def delay(self) -> int:
        """By how many frames the order of decoding runs ahead of the order of showing."""
        place = {pts: number for number, pts in enumerate(sorted(self.pts))}
        return max((number - place[pts] for number, pts in enumerate(self.pts)), default=0)

    def seconds(self, pts: int | Fraction) -> Fraction:
        """A time of the video in seconds from the start of the file."""
        return pts * self.time_base - self.start_s


def read_coded_frames(document: Mapping[str, Any]) -> CodedFrames:
    """Read the JSON that `ffmpeg/probe/pyav_coded_frames.py` writes."""
    if document.get("problem"):
        return CodedFrames(problem=str(document["problem"]))
    return CodedFrames(
        codec="h264" if document["codec"] == "h264" else "hevc",
        time_base=Fraction(document["time_base"]),
        start_s=Fraction(document["start"]),
        rate=Fraction(document["rate"]),
        pts=tuple(document["pts"]),
        kinds=tuple(PictureKind(int(digit)) for digit in document["kinds"]),
        last_duration=int(document["last_duration"]),
        has_whole_start=bool(document["has_whole_start"]),
        extradata=bytes.fromhex(document["extradata"]),
        pix_fmt=str(document["pix_fmt"]),
        profile=str(document["profile"]),
        level=int(document["level"]),
        field_order=int(document["field_order"]),
        color=tuple(document["color"]),
        color_range=int(document["color_range"]),
        disposition=tuple(document["disposition"]),
        sound_packet_s=Fraction(document["sound_packet"]),
        has_timecode=bool(document["has_timecode"]),
    )
