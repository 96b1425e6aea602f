"""The instructions for the program that joins encoded and copied packets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class JoinedPiece:
    """Packets whose frames follow each other in a joined video.

    Attributes:
        file: of the working directory: a staged source, or an encoded piece, all of whose packets are taken.
        shown: when its frames are shown in the output, in order, in units of the order's time base.
        packets: timestamps of the packets that are copied, in units of the source, in the order in which they are
            decoded; `None` for an encoded piece.
    """

    file: str
    shown: Sequence[int]
    packets: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class JoinOrder:
    """The pieces of a video in order; `ffmpeg/probe/pyav_join.py` joins them.

    Attributes:
        output: the MP4 file to write, with the video only.
        time_base: seconds of a unit of its timestamps.
        last_duration: of the last frame, in these units; 0 is that of the frame before.
        color: range (1 is limited), and primaries, transfer and matrix as in ITU-T H.273; `None` is those of the
            first source.
    """

    pieces: tuple[JoinedPiece, ...]
    output: str
    time_base: Fraction
    last_duration: int = 0
    color: tuple[int, int, int, int] | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The files that packets are copied from."""
        return tuple(dict.fromkeys(piece.file for piece in self.pieces if piece.packets is not None))

    @property
    def frames(self) -> int:
        """The number of all frames."""
        return sum(len(piece.shown) for piece in self.pieces)

    @property
    def copied_frames(self) -> int:
        """The number of frames that are copied."""
        return sum(len(piece.shown) for piece in self.pieces if piece.packets is not None)

    def as_json(self, folder: str) -> dict[str, Any]:
        """The order as JSON, for files in a folder."""
        return {
            "output": f"{folder}/{self.output}",
            "time_base": str(self.time_base),
            "last_duration": self.last_duration,
            "color": self.color,
            "pieces": [
                {"path": f"{folder}/{piece.file}", "shown": list(piece.shown), "packets": piece.packets}
                for piece in self.pieces
            ],
        }
