"""A command that may be split into chunks, with its options by what they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.command.command_line import Option

Parallel = Literal["auto"] | int
"""How many chunks the caller wants: as many as pay, or at most a number; see `parallel` of `process`."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of outputs, and the files that hold the streams until they are joined.

    Attributes:
        muxers: FFmpeg's names of it.
        chunk, rest: extension of the files with encoded chunks, and of the file with the other streams. Their
            timestamps are exact, or rounded as the container itself rounds them.
        encoder: what FFmpeg encodes video with where the command names no encoder.
        is_rounded: whether timestamps are rounded to milliseconds.
        has_subtitles: whether the file with the other streams can hold the subtitles of the container.
        has_timecode: whether it stores timecodes in a track of its own.
    """

    muxers: frozenset[str]
    chunk: str
    rest: str
    encoder: str = "libx264"
    is_rounded: bool = False
    has_subtitles: bool = True
    has_timecode: bool = False


@dataclass(frozen=True, slots=True)
class Splittable:
    """The only command of a job; nothing in it depends on frames before or after the one it works on.

    Attributes:
        source: its input as the caller wrote it.
        key: key of the input in `LocalFiles`.
        input_options: options of the input.
        encoder: the encoder of the video.
        video: options of the video stream without its filters.
        filters: the filters of the video; empty if there are none.
        rest: options of all other streams.
        muxer: options of the container, which the joined file gets.
        maps: values of `-map`; none where FFmpeg chooses.
        container: the container of the output.
        rates: frame rates that options and filters ask for, as written.
        drops_metadata: whether the metadata of the source are left out (`-map_metadata -1`).
        is_constant_rate: whether FFmpeg is told to repeat and drop frames to keep a rate.
        key_interval: frames from key frame to key frame that the caller asks for.
    """

    source: str
    key: str
    encoder: str
    container: Container
    input_options: tuple[Option, ...] = ()
    video: tuple[Option, ...] = ()
    filters: str = ""
    rest: tuple[Option, ...] = ()
    muxer: tuple[Option, ...] = ()
    maps: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()
    drops_metadata: bool = False
    is_constant_rate: bool = False
    key_interval: int | None = None


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What a caller asks for with `parallel`, and the command as far as it may be split, or why it may not."""

    parallel: Parallel
    command: Splittable | None = None
    reason: str = ""


def one_piece(reason: str) -> str:
    """The warning of an encode that was not split."""
    return f"The encode ran in one piece: {reason}."
