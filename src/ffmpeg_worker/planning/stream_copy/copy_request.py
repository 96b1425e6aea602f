"""Questions of a lane about its sources before it can copy frames from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames


class NotCopied(Exception):
    """No frames can be copied; the message is a clause for the caller, without a full stop."""


@dataclass(frozen=True, slots=True)
class SourcePart:
    """The part of a staged file from which frames may be copied, in seconds of the file."""

    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """A lane whose frames may be copied from its sources in part.

    Attributes:
        parts: what is read of each source, by the name of the staged file.
        plan: returns the steps of the lane with copied frames, of type `tuple[Step, ...]`, from the frames of
            these files; it raises `NotCopied`.
        is_wanted: whether the caller asks for it, and is told why no frame was copied.
        reason: why nothing can be copied, where that is known before; there are no `parts` then.
    """

    parts: Mapping[str, SourcePart]
    plan: Callable[[Mapping[str, CodedFrames]], Any]
    is_wanted: bool = False
    reason: str = ""
