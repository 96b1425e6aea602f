"""Plans an encode in chunks: a command for each chunk, one for the other streams, and one that joins them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.chunks.decide_split import Split
from ffmpeg_worker.planning.chunks.splittable import Splittable
from ffmpeg_worker.planning.commands.plan_chain import plan_chain
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.option_policy.command_limits import make_limits, media_input_options
from ffmpeg_worker.planning.placed_files import Folder, TextFile
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep

_LIST = "chunks.ffconcat"
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a split encode; a `process` job of its own can run it.

    Attributes:
        name: names it among the pieces of its job, such as `chunk-003` and `rest`.
        command: the arguments of its FFmpeg, in the caller's names of inputs.
        output: the only file that it writes.
        frames: video frames that it must have; `None` for the streams that are no video.
        length_s: seconds of its output, about.
    """

    name: str
    command: tuple[str, ...]
    output: str
    frames: int | None
    length_s: float


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """The chunks in order, the other streams if there are any, and the step that joins them into the output.

    The output must have `frames`, the last of which is shown `span_s` seconds after the first.
    """

    chunks: tuple[Piece, ...]
    rest: Piece | None
    join: FfmpegStep
    frames: int
    span_s: Fraction

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces, those that take longest first."""
        return self.chunks if self.rest is None else (*self.chunks, self.rest)

    @property
    def file_names(self) -> frozenset[str]:
        """The files that are no longer needed when the output is joined."""
        return frozenset({_LIST, *(piece.output for piece in self.pieces)})


def plan_chunks(lane: Lane, command: Splittable, split: Split, files: LocalFiles, machine: Machine) -> ChunkPlan:
    """Plan the pieces of a lane whose only command is split."""
    chunks = tuple(_chunk(command, split, number, *pair) for number, pair in enumerate(pairwise(split.cuts)))
    rest = None if split.others == () else _rest(command, split.others, float(split.frames / split.rate))
    source = f"file:{STAGING_FOLDER}/{files[command.key].staged}"
    join = _Join(command, split, chunks, rest, media_input_options(machine))
    whole = [step for step in lane.steps if isinstance(step, FfmpegStep)]
    folders = tuple(item for step in whole for item in step.setup if isinstance(item, Folder))
    arguments = join.arguments(source, f"file:{lane.artifacts[0].work_name}")
    step = FfmpegStep(Invocation(arguments), setup=(*folders, TextFile(_LIST, join.list_text())))
    return ChunkPlan(chunks, rest, step, split.frames, (split.frames - 1) / split.rate)


def plan_piece(piece: Piece, files: LocalFiles, machine: Machine) -> FfmpegStep:
    """The step that runs a piece on this worker, from the command that another worker would get."""
    chain = read_chain([piece.command], (piece.output,), files.by_key, option_policy=machine.option_policy)
    lane = plan_chain(chain, files, make_limits(machine))
    return next(step for step in lane.steps if isinstance(step, FfmpegStep))


def _chunk(command: Splittable, split: Split, number: int, first: int, last: int) -> Piece:
    """The chunk of the frames `first` to `last` (exclusive), which keep their timestamps.

    Frames are told by times halfway between two of them. Decoding begins at an earlier key frame, so that the
    decoder has all that the first frame refers to.
    """
    begin, end = (
        _halfway(split, first) if number else None,
        _halfway(split, last) if last < split.frames else None,
    )
    limits = [f"{key}={value}" for key, value in (("start", begin), ("end", end)) if value is not None]
    filters = [f"trim={':'.join(limits)}", *([command.filters] if command.filters else [])]
    name, output = f"chunk-{number:03}", f"chunk-{number:03}.{command.container.chunk}"
    tokens = (
        *("-copyts", "-start_at_zero"),
        *(token for option in command.input_options for token in option.tokens()),
        *(("-ss", begin, "-noaccurate_seek") if begin is not None else ()),
        *("-i", command.source, "-map", "0:v:0", *_metadata_options(command)),
        *(token for option in command.video for token in option.tokens()),
        *("-vf", ",".join(filters), output),
    )
    return Piece(name, tokens, output, last - first, float((last - first) / split.rate))


def _metadata_options(command: Splittable) -> tuple[str, ...]:
    """Options for pieces, of whose metadata the output gets those of the streams only."""
    return ("-map_chapters", "-1", *(("-map_metadata", "-1") if command.drops_metadata else ()))


def _halfway(split: Split, frame: int) -> str:
    """The time between a frame and the one before, in seconds."""
    return _seconds(split.first_s + (frame - _HALF) / split.rate)


def _seconds(time: Fraction) -> str:
    microseconds = round(time * 1_000_000)
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06}"


def _rest(command: Splittable, streams: Sequence[int] | None, length_s: float) -> Piece:
    """All other streams, encoded as in one process."""
    output = f"rest.{command.container.rest}"
    maps = ("-vn",) if streams is None else tuple(token for each in streams for token in ("-map", f"0:{each}"))
    tokens = (
        *(token for option in command.input_options for token in option.tokens()),
        *("-i", command.source, *maps, *_metadata_options(command)),
        *(token for option in command.rest for token in option.tokens()),
        output,
    )
    return Piece("rest", tokens, output, None, length_s)


@dataclass(frozen=True, slots=True)
class _Join:
    """Copies the packets of all pieces into the output.

    Input 0 is the source, from which the output gets metadata and chapters as in the caller's command.
    """

    command: Splittable
    split: Split
    chunks: tuple[Piece, ...]
    rest: Piece | None
    limits: tuple[str, ...]

    def arguments(self, source: str, output: str) -> tuple[str, ...]:
        """The arguments of FFmpeg."""
        rest = self.rest
        listing = (
            ("-protocol_whitelist", "file", "-format_whitelist", "concat,mov,matroska") if self.limits else ()
        )
        return (
            *("-copyts", *self.limits, "-i", source),
            *("-itsoffset", _seconds(self._start_of(0)), "-f", "concat", *listing, "-i", _LIST),
            *((*self.limits, "-i", f"file:{rest.output}") if rest is not None else ()),
            *("-map", "1:v:0", *(("-map", "2") if rest is not None else ()), "-c", "copy"),
            # The demuxer of lists drops it.
            *("-disposition:v:0", "+".join(self.split.disposition) or "0"),
            *(token for option in self._titles() for token in option),
            *(("-map_metadata:g", "-1") if self.command.drops_metadata else ()),
            *(token for option in self.command.muxer for token in option.tokens()),
            output,
        )

    def _titles(self) -> Iterator[tuple[str, str]]:
        for number, title in enumerate(self.split.titles):
            if title:
                yield f"-metadata:s:{number}", f"title={title}"

    def list_text(self) -> str:
        """The list of the chunks, each with its exact length, so that rounding does not add up."""
        moments = [round(self._start_of(cut) * 1_000_000) for cut in self.split.cuts]
        lines = ["ffconcat version 1.0"]
        for piece, (begin, end) in zip(self.chunks, pairwise(moments), strict=True):
            lines += [f"file {piece.output}", f"duration {_seconds(Fraction(end - begin, 1_000_000))}"]
        return "\n".join(lines) + "\n"

    def _start_of(self, frame: int) -> Fraction:
        """The timestamp that FFmpeg gives a frame: a multiple of its duration, rounded as the container does."""
        start = Fraction(round(self.split.first_s * self.split.rate) + frame) / self.split.rate
        return Fraction(floor(start * 1000 + _HALF), 1000) if self.command.container.is_rounded else start
