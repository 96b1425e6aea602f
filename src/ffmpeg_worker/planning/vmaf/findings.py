"""The findings of an examination of two videos: how their frames and their pictures correspond."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FINDINGS_FILE = "findings.json"
MAX_EDITS = 500
"""Changes of the sequence of frames that are kept. A video with more is not scored by matched frames."""


class EditKind(StrEnum):
    """A change in the sequence of frames of the distorted video."""

    DROPPED = "dropped"
    """Frames of the reference are missing before `frame`."""
    DUPLICATED = "duplicated"
    """Frames were repeated from `frame` on, so that all later ones come later."""
    INSERTED = "inserted"
    """Frames of something else were added."""
    FROZEN = "frozen"
    """Frames repeat the one before; later ones come at their time."""
    UNMATCHED = "unmatched"
    """Frames show something else than the reference; later ones come at their time."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a number of frames at a frame of the distorted video; `tick` is its time."""

    kind: EditKind
    frame: int
    frames: int
    tick: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames `first` to `last` (exclusive) of the distorted video, and the offset at which they match.

    A positive offset: they show frames of the reference that come later than those they are compared with.
    """

    first: int
    last: int
    offset: int
    tick: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Frames from `reference` and `distorted` on that show the same, one by one."""

    reference: int
    distorted: int
    frames: int


class Turn(StrEnum):
    """The rotation or reflection of the distorted video relative to the reference."""

    NONE = "none"
    MIRRORED = "mirrored"
    """Left and right are exchanged."""
    UPSIDE_DOWN = "upside_down"
    """Top and bottom are exchanged."""
    HALF = "rotated_180"
    RIGHT = "rotated_90"
    """Clockwise."""
    LEFT = "rotated_270"


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a frame: left, top, right and bottom from 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True, slots=True)
class Geometry:
    """The positions of the pictures of both videos relative to each other.

    Attributes:
        turn: as the distorted video was turned.
        visible: the part of the distorted frame that shows the reference; the rest are bars or something else.
        shown: the part of the reference that is shown there, after the turn.
        has_bars: whether the rest of the distorted frame has one color.
    """

    turn: Turn = Turn.NONE
    visible: Area = Area()
    shown: Area = Area()
    has_bars: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether the parts that both videos show are known well enough to be scored against each other."""
        if self.has_bars:
            return self.shown in {Area(), self.visible}
        return self.visible == Area() and self.shown == Area()


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of an examination; offsets and frames count in frames of the comparison.

    Attributes:
        reference_frames, distorted_frames: frames that were examined.
        compared: frames of the distorted video that have a partner in the reference.
        reference_end, distorted_end: times of the last frames, in ticks.
        is_whole: whether both videos were examined to their end.
        similarity: correlation of the pictures, from -1 to 1; `None` if there is nothing to see in them.
        confidence: that the offsets are right, from 0 to 1.
        is_still: whether nothing moves, so that offsets cannot be found.
        segments: parts with one offset.
        edits: changes between them; at most `MAX_EDITS`.
        edit_count: number of all changes.
        runs: pairs of frames that show the same; empty if there are too many changes.
        geometry: a difference of the pictures.
        as_sent: the score before any repair.
    """

    reference_frames: int
    distorted_frames: int
    compared: int = 0
    reference_end: int = 0
    distorted_end: int = 0
    is_whole: bool = True
    similarity: float | None = None
    confidence: float = 0.0
    is_still: bool = False
    segments: tuple[Segment, ...] = ()
    edits: tuple[Edit, ...] = ()
    edit_count: int = 0
    runs: tuple[Run, ...] = ()
    geometry: Geometry | None = None
    as_sent: float | None = None


def read_findings(content: bytes) -> Findings:
    """Read findings that were written as JSON, field by field."""
    fields: dict[str, Any] = json.loads(content)
    return Findings(
        **{
            **fields,
            "segments": tuple(Segment(**item) for item in fields["segments"]),
            "edits": tuple(Edit(**{**item, "kind": EditKind(item["kind"])}) for item in fields["edits"]),
            "runs": tuple(Run(**item) for item in fields["runs"]),
            "geometry": _read_geometry(fields["geometry"]),
        }
    )


def _read_geometry(fields: Mapping[str, Any] | None) -> Geometry | None:
    if fields is None:
        return None
    areas = {name: Area(**fields[name]) for name in ("visible", "shown")}
    return Geometry(Turn(fields["turn"]), **areas, has_bars=fields["has_bars"])
