"""Index of the frames of a video, made from its packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """The frames of the only video stream of a file, in the order in which they are shown.

    Attributes:
        frames: their number.
        keys: numbers of key frames, from 0; about one for each second.
        rate: frames per second, as FFmpeg takes it for the file.
        first_s: time of the first frame, relative to the start of the file.
        span_s: from the first frame to the last one.
        deviation: how far a frame is at most from its place on the grid that begins at the first one and has
            `rate`, in frames.
        parameters: digest of the codec's parameters (extradata).
        disposition: FFmpeg's names of what the video stream is, such as `default`.
        titles: the title of each stream of the file; empty where it has none.
        has_timecode: whether the file has a timecode.
        problem: why the packets cannot be counted on, as a clause; empty if they can.
    """

    frames: int = 0
    keys: tuple[int, ...] = ()
    rate: Fraction = Fraction(0)
    first_s: Fraction = Fraction(0)
    span_s: Fraction = Fraction(0)
    deviation: float = 0.0
    parameters: str = ""
    disposition: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    has_timecode: bool = False
    problem: str = ""


def read_packet_index(document: Mapping[str, Any]) -> PacketIndex:
    """Read the JSON that `ffmpeg/probe/pyav_packets.py` writes."""
    if document.get("problem"):
        return PacketIndex(problem=str(document["problem"]))
    return PacketIndex(
        frames=int(document["frames"]),
        keys=tuple(document["keys"]),
        rate=Fraction(document["rate"]),
        first_s=Fraction(document["first"]),
        span_s=Fraction(document["span"]),
        deviation=float(document["deviation"]),
        parameters=str(document["parameters"]),
        disposition=tuple(document["disposition"]),
        titles=tuple(document["titles"]),
        has_timecode=bool(document["has_timecode"]),
    )
