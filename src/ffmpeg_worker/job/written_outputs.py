"""Outputs of an FFmpeg run as its log describes them: their streams, and whether they are empty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrittenStream:
    """One stream of an output.

    Attributes:
        kind: `video`, `audio`, `subtitle`, …; `None` where the log does not say.
        source: numbers of the input and of its stream; `None` for the end of a complex filter graph.
        is_copy: whether packets were copied.
        has_no_frames: whether the encoder got no frame at all.
    """

    kind: str | None = None
    source: tuple[int, int] | None = None
    is_copy: bool = False
    has_no_frames: bool = False


@dataclass(frozen=True, slots=True)
class WrittenOutput:
    """One output of a run.

    Attributes:
        streams: in their order; none where the log was not understood.
        tiny_kinds: kinds of streams that have less than half a KiB together: usually no packet.
        is_empty: whether no packet was written at all.
    """

    streams: tuple[WrittenStream, ...] = ()
    tiny_kinds: tuple[str, ...] = ()
    is_empty: bool = False
