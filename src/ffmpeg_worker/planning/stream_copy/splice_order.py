"""The instructions for the program that joins encoded and copied frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.planning.stream_copy.choose_copied import CopiedPart


@dataclass(frozen=True, slots=True)
class SpliceOrder:
    """The pieces of a part of a video; `ffmpeg/probe/pyav_splice.py` joins them.

    Attributes:
        head, tail: files with the encoded frames at the begin and at the end, where there are any.
        origin: the time of the source that is 0 in the output.
        last_duration: of the last frame.
        output: the MP4 file to write, with the video only.
    """

    part: CopiedPart
    origin: int
    last_duration: int
    head: str | None
    tail: str | None
    output: str

    def as_json(self, folder: str) -> dict[str, Any]:
        """The order as JSON, for files in a folder."""
        return {
            "output": f"{folder}/{self.output}",
            "origin": self.origin,
            "copied": self.part.copied,
            "last_duration": self.last_duration,
            "head": _piece(folder, self.head, self.part.head),
            "tail": _piece(folder, self.tail, self.part.tail),
        }


def _piece(folder: str, name: str | None, times: Sequence[int]) -> dict[str, Any] | None:
    return None if name is None else {"path": f"{folder}/{name}", "pts": times}
