"""Expectations of a lane: estimates for progress, and what verification compares its outputs with.

Command lines do not depend on it, so a lane can start while the media of its inputs are still being probed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.errors import NothingSelected
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.commands.durations import estimate_duration
from ffmpeg_worker.planning.commands.nothing_selected import EmptyOutput, explain_empty_output
from ffmpeg_worker.planning.commands.promised_lengths import InputFacts, Promise, is_cover, promise_lengths
from ffmpeg_worker.planning.commands.read_chain import Chain, ReadCommand
from ffmpeg_worker.planning.file_references import InputKind, InputReference, OutputReference
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult

_ROUNDED_S = 0.01
"""FFmpeg's log rounds lengths to hundredths of a second."""
Written = Sequence[Sequence[WrittenOutput]]
"""For each command that has run: its outputs, as FFmpeg's log describes them."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Facts about the outputs of a lane, by their names.

    Attributes:
        command_s: estimated seconds of what each command writes.
        promised: least lengths.
        written: what FFmpeg wrote into each output.
        covers: outputs in which cover art became a video.
        empty: outputs without a packet, each with the number of its command.
        at_most_s: if set, the media of the inputs were not looked at, and no length of an output can be promised
            that is longer.
    """

    command_s: tuple[float | None, ...] = ()
    promised: Mapping[str, Promise] = field(default_factory=dict)
    written: Mapping[str, WrittenOutput] = field(default_factory=dict)
    covers: frozenset[str] = frozenset()
    empty: tuple[tuple[int, EmptyOutput], ...] = ()
    at_most_s: float | None = None

    def estimate(self, command: int) -> float | None:
        """The estimated length of what a command writes."""
        return self.command_s[command] if command < len(self.command_s) else None


def expect(lane: Lane, media: Mapping[str, MediaInfo], written: Written = ()) -> Expectations:
    """Derive expectations from the media of a lane's inputs, by the inputs' keys, and from what it wrote.

    A lane without a chain of the caller's expects nothing here: its plan was made from the media and has the
    lengths in its steps and artifacts.
    """
    facts = _LaneFacts(media)
    for number, read in enumerate(lane.chain.commands if lane.chain is not None else ()):
        facts.add(number, read, written[number] if number < len(written) else ())
    promised = {name: promise for name, promise in facts.promises.items() if promise is not None}
    return Expectations(
        tuple(facts.command_s), promised, facts.written, frozenset(facts.covers), tuple(facts.empty)
    )


def expect_without_media(lane: Lane, results: Sequence[StepResult]) -> Expectations | None:
    """Derive expectations from what FFmpeg's log says about inputs and outputs; `None` where that is not enough.

    No promise is longer than the longest input. Where an output is nearly as long as that, the media of the inputs
    would tell nothing more.
    """
    if lane.chain is None or len(lane.chain.commands) != 1 or len(results) != 1:
        return None
    (read,), (result,) = lane.chain.commands, results
    lengths = [length for length in result.input_lengths if length is not None]
    is_known = len(lengths) == len(result.input_lengths) == len(read.inputs) > 0
    if not is_known or any(reference.kind is not InputKind.SOURCE for reference in read.inputs):
        return None
    if any(output.is_empty for output in result.outputs):
        return None
    return replace(expect(lane, {}, [result.outputs]), at_most_s=max(lengths) + _ROUNDED_S)


@dataclass
class _LaneFacts:
    """Facts about the outputs of the commands so far, by their names; `media` are facts of the inputs."""

    media: Mapping[str, MediaInfo]
    command_s: list[float | None] = field(default_factory=list)
    estimates: dict[str, float | None] = field(default_factory=dict)
    promises: dict[str, Promise | None] = field(default_factory=dict)
    written: dict[str, WrittenOutput] = field(default_factory=dict)
    covers: set[str] = field(default_factory=set)
    empty: list[tuple[int, EmptyOutput]] = field(default_factory=list)

    def add(self, number: int, read: ReadCommand, outputs: Sequence[WrittenOutput]) -> None:
        """Add a command and, if it has run, its outputs as the log describes them."""
        estimated = [_find_media(reference, self.media, self.estimates) for reference in read.inputs]
        inputs = [_find_facts(reference, self.media, self.promises) for reference in read.inputs]
        length = estimate_duration(read.line, estimated)
        self.command_s.append(length)
        promises = promise_lengths(read.line, inputs, outputs)
        for group, output, promise in zip(read.line.outputs, read.outputs, promises, strict=True):
            if output.name is not None:
                self.estimates[output.name] = length
                self.promises[output.name] = promise if _shows_whole_length(output, group) else None
        for index, (output, written) in enumerate(zip(read.outputs, outputs, strict=False)):
            if written.is_empty:
                self.empty.append((number, explain_empty_output(read, index, estimated, written)))
            if output.name is not None:
                self.written[output.name] = written
                self.covers |= {output.name} if _shows_cover(written, inputs) else set()


def find_empty_input(chain: Chain, number: int, written: Written) -> tuple[int, int] | None:
    """The earlier command, and the number of its output, that left command `number` without an input."""
    keys = {key for reference in chain.commands[number].inputs for key in reference.keys}
    for earlier, outputs in enumerate(written):
        for index, (reference, each) in enumerate(zip(chain.commands[earlier].outputs, outputs, strict=False)):
            if each.is_empty and reference.name in keys:
                return earlier, index
    return None


def explain_nothing_selected(
    lane: Lane, media: Mapping[str, MediaInfo], error: NothingSelected
) -> NothingSelected:
    """Name the output, the responsible option and the length of the input, as far as the commands tell them."""
    command, output = error.where.get("command"), error.where.get("output")
    commands = lane.chain.commands if lane.chain is not None else ()
    if not isinstance(command, int) or not isinstance(output, int) or command >= len(commands):
        return error
    read = commands[command]
    if output >= len(read.outputs):
        return error
    found = [_find_media(reference, media, {}) for reference in read.inputs]
    explained = explain_empty_output(read, output, found, None).as_error(command)
    explained.stderr = error.stderr
    return explained


def _shows_cover(written: WrittenOutput, inputs: Sequence[InputFacts]) -> bool:
    """Whether cover art was encoded as a video, beside sound."""
    videos = [stream for stream in written.streams if stream.kind == "video"]
    return len(videos) < len(written.streams) and any(is_cover(stream, inputs) for stream in videos)


def _find_facts(
    reference: InputReference, media: Mapping[str, MediaInfo], promises: Mapping[str, Promise | None]
) -> InputFacts:
    if reference.kind is InputKind.SOURCE:
        return media.get(reference.keys[0])
    return promises.get(reference.keys[0]) if reference.kind is InputKind.EARLIER_OUTPUT else None


def _find_media(
    reference: InputReference, media: Mapping[str, MediaInfo], lengths: Mapping[str, float | None]
) -> MediaInfo | None:
    """Media facts of an input; of an earlier output only its length is known."""
    if reference.kind is InputKind.SOURCE:
        return media.get(reference.keys[0])
    if reference.kind is InputKind.EARLIER_OUTPUT:
        seconds = lengths.get(reference.keys[0])
        if seconds is not None:
            return MediaInfo("", (StreamInfo("video", duration_s=seconds),), seconds)
    return None


def _shows_whole_length(output: OutputReference, group: FileGroup) -> bool:
    """Whether opening one file tells the length of the output: not for segments and sliding playlists."""
    if output.kind is ArtifactKind.PLAYLIST:
        return group.value_of("hls_list_size") == "0" or group.has("hls_playlist_type")
    return output.kind is ArtifactKind.FILE
