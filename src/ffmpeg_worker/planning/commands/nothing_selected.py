"""Explains why no frame or packet reached an output: the option that is responsible, and how long the input is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.errors import NothingSelected
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.planning.commands.durations import read_time
from ffmpeg_worker.planning.commands.read_chain import ReadCommand
from ffmpeg_worker.planning.commands.steady_filters import find_choosing_filter
from ffmpeg_worker.planning.file_references import tee_outputs

_COMPLEX_OPTIONS = frozenset({"filter_complex", "lavfi"})
_FILTER_OPTIONS = _COMPLEX_OPTIONS | {"vf", "af", "filter"}
_LIMITS = ("t", "to", "frames", "vframes", "aframes", "fs")
_DROPPING = ("skip_frame", "discard", "skip_initial_bytes")
_KINDS = {"audio": "sound", "video": "picture", "subtitle": "subtitles"}
_LAST_FRAME_S = 0.05
_USUAL = "Check what the command selects: -ss and -t within the input, -map, -frames, filters."


@dataclass(frozen=True, slots=True)
class EmptyOutput:
    """An output without a single packet.

    Attributes:
        names: the caller's names of its files; none for output that is not kept (`-f null`).
        hint: which option is responsible, and what to change.
        argument: that option; `None` where it is not known.
        is_past_end: whether the option is a time after the end of the input, which is cause enough.
        is_choice: whether a filter let nothing pass, so that an empty result may be what was asked for.
    """

    names: tuple[str, ...]
    hint: str
    argument: str | None = None
    is_past_end: bool = False
    is_choice: bool = False

    def as_error(self, command: int) -> NothingSelected:
        """The error of an output that cannot be delivered."""
        name = self.names[0][:128] if self.names else None
        subject = f'The output "{name}" is empty' if name else "The command measured nothing"
        return NothingSelected(f"{subject}: no frame or packet was selected.", hint=self.hint).at(
            command=command, output=name, argument=self.argument
        )


def explain_empty_output(
    read: ReadCommand, number: int, media: Sequence[MediaInfo | None], written: WrittenOutput | None
) -> EmptyOutput:
    """Explain the empty output `number` of a command.

    `media` are facts of the inputs, in order; `written` tells from which streams FFmpeg makes the output.
    """
    group, reference = read.line.outputs[number], read.outputs[number]
    listed = tee_outputs(group)
    names = tuple(name for each in (reference, *listed) if (name := each.name) is not None)
    past_end = next(_find_past_end(read, group, media, written), None)
    argument, hint = past_end or _find_other_cause(read, group) or (None, _USUAL)
    length = _describe_lengths(read, media)
    if past_end is None and length:
        hint = f"{hint} {length}"
    is_filter = argument is not None and argument.split(":")[0][1:] in _FILTER_OPTIONS
    return EmptyOutput(
        names,
        hint,
        argument,
        is_past_end=past_end is not None,
        is_choice=argument is None or is_filter,
    )


def _find_past_end(
    read: ReadCommand, group: FileGroup, media: Sequence[MediaInfo | None], written: WrittenOutput | None
) -> Iterator[tuple[str, str]]:
    """Each `-ss` at or after the end of an input, or of the streams of it that are used."""
    sources = [stream.source for stream in written.streams if stream.source] if written else []
    for number, (before, info) in enumerate(zip(read.line.inputs, media, strict=True)):
        used = [stream for source, stream in sources if source == number]
        if info is None or info.duration_s is None or (sources and not used):
            continue
        end, subject = _find_end(info, used)
        first, second = (read_time(each.value_of("ss")) or 0.0 for each in (before, group))
        if first + second > 0 and first + second >= end - _LAST_FRAME_S:
            token, value = _option(before if first >= end - _LAST_FRAME_S or second <= 0 else group, "ss")
            keys = read.inputs[number].keys
            name = f'"{display_name(keys[0])}"' if keys else "the input"
            verb = "ends after" if subject else "lasts"
            yield token, f'"{token} {value}" is past the end: {subject}{name} {verb} {end:.2f} s.'


def _find_end(info: MediaInfo, used: Sequence[int]) -> tuple[float, str]:
    """The end of the streams that are used, and what they are if the file goes on after them."""
    whole = info.duration_s or 0.0
    streams = [info.streams[index] for index in used if index < len(info.streams)]
    ends = [stream.duration_s for stream in streams if stream.duration_s]
    if not ends or len(ends) < len(streams) or max(ends) >= whole:
        return whole, ""
    kinds = {stream.kind for stream in streams}
    return max(ends), f"the {_KINDS.get(kinds.pop(), 'stream') if len(kinds) == 1 else 'part that is used'} of "


def _find_other_cause(read: ReadCommand, group: FileGroup) -> tuple[str, str] | None:
    groups = (group, *read.line.inputs)
    return next(
        chain(
            _find_options(groups, _LIMITS, "selects nothing: raise it.", only=_is_nothing),
            _find_choosing_filters(read, group),
            _find_options(groups, _DROPPING, "left nothing over: remove it."),
            _find_copy_without_key_frame(group),
            _find_copied_times(read, group),
            _find_options(groups, ("ss", *_LIMITS), "selects no frame: choose a longer or another range."),
        ),
        None,
    )


def _find_options(
    groups: Sequence[FileGroup], names: Sequence[str], verdict: str, only: Callable[[str], bool] = bool
) -> Iterator[tuple[str, str]]:
    for group in groups:
        for name in names:
            token, value = _option(group, name)
            if value and only(value):
                yield token, f'"{token} {value}" {verdict}'


def _find_choosing_filters(read: ReadCommand, group: FileGroup) -> Iterator[tuple[str, str]]:
    whole = [option for option in read.line.options() if option.name in _COMPLEX_OPTIONS]
    for option in (*group.options, *whole):
        if option.name in _FILTER_OPTIONS and (name := find_choosing_filter(option.value or "")):
            yield option.token, f'The filter "{name}" in {option.token} let no frame pass: change its values.'


def _find_copy_without_key_frame(group: FileGroup) -> Iterator[tuple[str, str]]:
    codecs = [option.value for option in group.options if option.name in {"c", "codec", "vcodec"}]
    if group.has("ss") and "copy" in codecs:
        yield "-ss", "A copy begins at a key frame, and this range has none: put -ss before -i, or encode."


def _find_copied_times(read: ReadCommand, group: FileGroup) -> Iterator[tuple[str, str]]:
    if group.has("t", "to") and any(option.name == "copyts" for option in read.line.options()):
        yield "-copyts", "With -copyts, -t and -to count from the start of the input: give the time of the end."


def _is_nothing(value: str) -> bool:
    time = read_time(value)
    return time is not None and time <= 0


def _option(group: FileGroup, name: str) -> tuple[str, str]:
    """The last option of that name, as it is written, and its value."""
    found = next((o for o in reversed(group.options) if o.name == name and o.value is not None), None)
    return (found.token, (found.value or "")[:40]) if found else (f"-{name}", "")


def _describe_lengths(read: ReadCommand, media: Sequence[MediaInfo | None]) -> str:
    known = [
        f'"{display_name(reference.keys[0])}" lasts {info.duration_s:.2f} s'
        for reference, info in zip(read.inputs, media, strict=True)
        if info is not None and info.duration_s is not None and reference.keys
    ]
    return f"{'; '.join(known[:3])}." if known else ""
