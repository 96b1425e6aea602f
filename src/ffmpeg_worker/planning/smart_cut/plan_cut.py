"""Plans a cut that copies frames: the commands that encode its ends, that which cuts the sound, and the join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.chunks.mapped_streams import find_other_streams
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.smart_cut.read_cut import Cut
from ffmpeg_worker.planning.steps import FfmpegStep
from ffmpeg_worker.planning.stream_copy.choose_copied import CopiedPart, choose_copied
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied
from ffmpeg_worker.planning.stream_copy.encoded_piece import encode_piece
from ffmpeg_worker.planning.stream_copy.join_order import JoinedPiece, JoinOrder

_HEAD, _TAIL, _VIDEO = "cut-head.mp4", "cut-tail.mp4", "cut-video.mp4"
_FAMILIES = {"mov": {"mp4", "mov"}, "matroska": {"mkv"}, "mpegts": {"mov"}}
_MAX_LATE = 2
"""Frames by which the first one may be later than the cut for the output to begin with it."""
_CODEC_OPTIONS = ("-c:a", "-acodec", "-codec:a")


@dataclass(frozen=True, slots=True)
class CutPlan:
    """The steps of a cut.

    Attributes:
        encodes: encode the frames at both ends, as far as there are any.
        rest: makes the file `rest_name` with the other streams, which begins `early_s` before the part.
        order: joins the frames.
        join: writes the output.
        length_s: what the caller asks for, from the first frame on; `None` is the rest of the source.
    """

    part: CopiedPart
    encodes: tuple[FfmpegStep, ...]
    order: JoinOrder
    join: FfmpegStep
    rest: FfmpegStep | None
    rest_name: str
    early_s: Fraction
    length_s: Fraction | None

    @property
    def file_names(self) -> frozenset[str]:
        """The files that are no longer needed when the output is written."""
        return frozenset({_HEAD, _TAIL, _VIDEO, self.rest_name})


def choose_part(cut: Cut, frames: CodedFrames) -> CopiedPart:
    """Choose the frames of a cut that are copied.

    Raises:
        NotCopied: all must be encoded.
    """
    if frames.problem:
        raise NotCopied(frames.problem)
    if cut.codec not in {"", frames.codec}:
        raise NotCopied(f"the video has another codec ({frames.codec}) than the command asks for ({cut.codec})")
    shown = sorted(frames.pts)
    first, end = cut.times.select(shown, frames.time_base, frames.start_s)
    return choose_copied(frames, first, end)


def plan_cut(
    lane: Lane, cut: Cut, frames: CodedFrames, media: MediaInfo, files: LocalFiles, machine: Machine
) -> CutPlan:
    """Plan a cut.

    Raises:
        NotCopied: all frames must be encoded.
        NotSplit: its streams cannot be told apart.
    """
    part = choose_part(cut, frames)
    if frames.has_timecode and cut.command.container.has_timecode:
        raise NotCopied("the source has a timecode, which the output keeps in a track of its own")
    source = f"{STAGING_FOLDER}/{files[cut.command.key].staged}"
    return _CutPlanner(lane, cut, frames, media, part, source, media_input_options(machine)).plan()


@dataclass(frozen=True, slots=True)
class _CutPlanner:
    lane: Lane
    cut: Cut
    frames: CodedFrames
    media: MediaInfo
    part: CopiedPart
    source: str
    limits: tuple[str, ...]

    def plan(self) -> CutPlan:
        """See `plan_cut`."""
        pieces = [(name, times) for name, times in ((_HEAD, self.part.head), (_TAIL, self.part.tail)) if times]
        opened = (*self.limits, "-i", f"file:{self.source}")
        encodes = tuple(
            FfmpegStep(
                Invocation(encode_piece(self.frames, times, number, opened, f"file:{name}")),
                expected_s=float(len(times) / self.frames.rate),
            )
            for number, (name, times) in enumerate(pieces)
        )
        others = find_other_streams(self.cut.command, self.media)
        rest = None if others == () else FfmpegStep(Invocation(self._rest(others)))
        folders = tuple(
            item
            for step in self.lane.steps
            if isinstance(step, FfmpegStep)
            for item in step.setup
            if isinstance(item, Folder)
        )
        join = FfmpegStep(Invocation(self._join(has_rest=rest is not None)), setup=folders)
        return CutPlan(
            self.part, encodes, self._order(), join, rest, self._rest_name, self._early_s, self._length_s
        )

    def _order(self) -> JoinOrder:
        def shown(times: Sequence[int]) -> tuple[int, ...]:
            return tuple(time - self._origin for time in times)

        part = self.part
        copied = JoinedPiece(self.source, shown(sorted(part.copied)), part.copied)
        head = (JoinedPiece(_HEAD, shown(part.head)),) if part.head else ()
        tail = (JoinedPiece(_TAIL, shown(part.tail)),) if part.tail else ()
        return JoinOrder((*head, copied, *tail), _VIDEO, self.frames.time_base, self.frames.last_duration)

    @property
    def _rest_name(self) -> str:
        return f"cut-rest.{self.cut.command.container.rest}"

    @property
    def _start_s(self) -> Fraction:
        return self.frames.seconds(self._origin)

    @property
    def _shown_s(self) -> Fraction:
        """The end of the last frame, from the origin on, and a little more."""
        return (self.part.shown[-1] - self._origin) * self.frames.time_base + 1 / self.frames.rate

    @property
    def _origin(self) -> int:
        """The time of the source at which the output begins: its first frame, unless that comes late."""
        begin = round((self.cut.times.start + self.frames.start_s) / self.frames.time_base)
        late = (self.part.first - begin) * self.frames.time_base
        return begin if late > _MAX_LATE / self.frames.rate else self.part.first

    @property
    def _length_s(self) -> Fraction | None:
        end = self.cut.times.latest_end
        return None if end is None else max(end - self._start_s, Fraction(0))

    @property
    def _sound_options(self) -> tuple[str, ...]:
        """`-c:a copy` where the command names no encoder, and the output can hold what the source has."""
        rest = self.cut.command.rest
        names = {option.token for option in rest}
        if names & {*_CODEC_OPTIONS, "-c", "-codec", "-af"} or any(option.name == "filter" for option in rest):
            return ()
        family = _FAMILIES.get(self.media.format, set())
        return ("-c:a", "copy") if self.cut.command.container.rest in family else ()

    @property
    def _early_s(self) -> Fraction:
        """Half a packet of the first sound where it is copied: its packets begin there or later."""
        values = [option.value for option in self.cut.command.rest if option.token in {*_CODEC_OPTIONS, "-c"}]
        if values[-1:] != ["copy"] and not self._sound_options:
            return Fraction(0)
        return min(self.frames.sound_packet_s / 2, max(self._start_s, Fraction(0)))

    def _rest(self, streams: tuple[int, ...] | None) -> tuple[str, ...]:
        """The other streams, cut with the part."""
        length = self._length_s
        command = self.cut.command
        maps = ("-vn",) if streams is None else tuple(token for one in streams for token in ("-map", f"0:{one}"))
        return (
            *("-ss", _seconds(max(self._start_s, Fraction(0)) - self._early_s)),
            *(*self.limits, "-i", f"file:{self.source}", *maps, "-map_chapters", "-1"),
            *(("-map_metadata", "-1") if command.drops_metadata else ()),
            *(token for option in command.rest for token in option.tokens()),
            *self._sound_options,
            *("-copypriorss", "0", *(("-t", _seconds(length)) if length is not None else ())),
            f"file:{self._rest_name}",
        )

    def _tag_options(self) -> tuple[str, ...]:
        """The name of the sample entry: all parameter sets are in it."""
        is_plain = self.frames.codec != "hevc" or self.cut.command.container.chunk == "mkv"
        return () if is_plain else ("-tag:v", "hvc1")

    def _join(self, *, has_rest: bool) -> tuple[str, ...]:
        """Write the output; input 0 is the source, which gives metadata and chapters."""
        command, length = self.cut.command, self._length_s
        rest = ("-itsoffset", _seconds(-self._early_s), *self.limits, "-i", f"file:{self._rest_name}")
        return (
            *("-copyts", "-itsoffset", _seconds(-(self._start_s + self.frames.start_s))),
            *(*self.limits, "-i", f"file:{self.source}"),
            *(*self.limits, "-i", f"file:{_VIDEO}"),
            *(rest if has_rest else ()),
            *("-map", "1:v:0", *(("-map", "2") if has_rest else ()), "-c", "copy"),
            *("-disposition:v:0", "+".join(self.frames.disposition) or "0"),
            *self._tag_options(),
            *(("-map_metadata:s:v:0", "0:s:v:0") if not command.drops_metadata else ("-map_metadata", "-1")),
            *(token for option in command.muxer for token in option.tokens()),
            *(("-t", _seconds(max(length, self._shown_s))) if length is not None else ()),
            f"file:{self.lane.artifacts[0].work_name}",
        )


def _seconds(time: Fraction) -> str:
    return f"{float(time):.6f}"
