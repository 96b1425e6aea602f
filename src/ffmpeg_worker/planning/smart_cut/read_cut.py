"""Reads a command that cuts a part out of a video."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.read_splittable import find_container, read_input_options
from ffmpeg_worker.planning.chunks.sorted_options import SortedOptions
from ffmpeg_worker.planning.chunks.splittable import Splittable
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.smart_cut.cut_times import CUT_OPTIONS, CutTimes, read_cut_times
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied

_ENCODERS = {"libx264": "h264", "libx265": "hevc", "h264": "h264", "hevc": "hevc", "copy": ""}
_CHANGES_PICTURES = frozenset(
    "pix_fmt s aspect r fps_mode vsync color_primaries color_trc colorspace color_range chroma_sample_location "
    "field_order flags".split()
)
_HINT = 'Give one command with one input, one output, and "-ss", "-t" or "-to"; or leave "smart_cut" out.'


@dataclass(frozen=True, slots=True)
class Cut:
    """A command that cuts a part out of its only input, with its options by what they belong to.

    Attributes:
        command: as for a split encode; its options of the video hold for an encode of the whole part only.
        times: of the cut.
        codec: the codec that the command asks for; empty where it asks for none.
    """

    command: Splittable
    times: CutTimes
    codec: str


@dataclass(frozen=True, slots=True)
class CutRequest:
    """A cut that a caller wants to be copied where that is possible, or why it is not, as a clause."""

    cut: Cut | None = None
    reason: str = ""


def encoded_whole(reason: str) -> str:
    """The warning of a cut whose frames were all encoded."""
    return f"The whole part was encoded: {reason}."


def check_cut(chain: Chain) -> None:
    """Refuse commands that cannot be such a cut, whatever the source is.

    Raises:
        InvalidJob: it is not one command that cuts one file into one other.
    """
    problem = _find_problem(chain)
    if problem is not None:
        raise InvalidJob(f'"smart_cut" does not fit: {problem}.', code="no_smart_cut", hint=_HINT)


def _find_problem(chain: Chain) -> str | None:
    if len(chain.commands) != 1:
        return "there is more than one command"
    read = chain.commands[0]
    if len(read.inputs) != 1 or read.inputs[0].kind is not InputKind.SOURCE:
        return "the command does not read exactly one file"
    if len(read.outputs) != 1 or read.outputs[0].kind is not ArtifactKind.FILE or read.outputs[0].name is None:
        return "the command does not write exactly one file"
    (source,), (output,) = read.line.inputs, read.line.outputs
    if not source.has(*CUT_OPTIONS, "sseof") and not output.has(*CUT_OPTIONS):
        return 'the command has no "-ss", "-t" or "-to"'
    return None


def read_cut_request(chain: Chain, hardware: str) -> CutRequest:
    """Read the command of a chain that was checked."""
    try:
        if hardware != "off":
            raise NotCopied(f'"hardware": "{hardware}" asks for an encoder of the GPU')
        return CutRequest(_read_cut(chain))
    except (NotCopied, NotSplit) as reason:
        return CutRequest(reason=str(reason))


def _read_cut(chain: Chain) -> Cut:
    read = chain.commands[0]
    (source,), (output,) = read.line.inputs, read.line.outputs
    times = read_cut_times(source, output)
    if times is None:
        raise NotCopied('"-sseof" counts from the end of the file')
    container = find_container(output)
    options = _sort(output)
    codec = _ENCODERS.get(options.encoder or "copy")
    if codec is None:
        raise NotCopied(f'the command encodes with "{options.encoder[:64]}", and neither H.264 nor HEVC')
    return Cut(
        Splittable(
            source=source.url,
            key=read.inputs[0].keys[0],
            encoder=options.encoder,
            container=container,
            input_options=tuple(read_input_options(_without_cut(source))),
            video=tuple(options.video),
            rest=tuple(options.rest),
            muxer=tuple(options.muxer),
            maps=tuple(options.maps),
            drops_metadata=options.drops_metadata,
        ),
        times,
        codec,
    )


def _sort(output: FileGroup) -> SortedOptions:
    options = SortedOptions()
    for option in _without_cut(output).options:
        options.add(option)
    if options.filters:
        raise NotCopied("the command has a video filter")
    for option in options.video:
        if option.name in _CHANGES_PICTURES:
            raise NotCopied(f'"{option.token[:64]}" changes the video')
    return options


def _without_cut(group: FileGroup) -> FileGroup:
    kept = tuple(option for option in group.options if option.name not in CUT_OPTIONS)
    return FileGroup(group.is_input, group.url, kept)
