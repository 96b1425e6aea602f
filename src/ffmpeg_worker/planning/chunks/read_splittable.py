"""Reads whether a command may be split, and sorts its options by what they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.chunks.frame_filters import check_filters
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.sorted_options import DROPPED, SortedOptions, refusal
from ffmpeg_worker.planning.chunks.splittable import Container, Parallel, SplitRequest, Splittable
from ffmpeg_worker.planning.chunks.steady_quality import check_encoder
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.file_references import InputKind

_MP4 = Container(frozenset({"mp4"}), "mp4", "mp4", has_timecode=True)
_MOV = Container(frozenset({"mov"}), "mov", "mov", has_timecode=True)
_MATROSKA = Container(frozenset({"matroska"}), "mkv", "mkv", is_rounded=True)
_WEBM = Container(frozenset({"webm"}), "mkv", "webm", "libvpx-vp9", is_rounded=True)
# MOV, unlike MP4, can leave the language of a stream open, as MPEG-TS does.
_TS = Container(frozenset({"mpegts"}), "mov", "mov", "mpeg2video", has_subtitles=False)
_BY_SUFFIX = {".mp4": _MP4, ".mov": _MOV, ".mkv": _MATROSKA, ".webm": _WEBM, ".ts": _TS}
_BY_MUXER = {muxer: container for container in _BY_SUFFIX.values() for muxer in container.muxers}

_INPUT_OPTIONS = frozenset({"threads", "thread_queue_size"})


def read_split_request(chain: Chain, parallel: Parallel, hardware: str) -> SplitRequest:
    """Read whether the commands of a `process` job may be split, from the commands alone."""
    try:
        if hardware != "off":
            raise NotSplit(f'with "hardware": "{hardware}" its chunks might be encoded by different encoders')
        return SplitRequest(parallel, read_splittable(chain))
    except NotSplit as reason:
        return SplitRequest(parallel, reason=str(reason))


def read_splittable(chain: Chain) -> Splittable:
    """Read the only command of a chain.

    Raises:
        NotSplit: one process must run it, for the reason given.
    """
    if len(chain.commands) != 1:
        raise NotSplit("the job has more than one command")
    read = chain.commands[0]
    if len(read.inputs) != 1 or read.inputs[0].kind is not InputKind.SOURCE:
        raise NotSplit("the command does not read exactly one file")
    if len(read.outputs) != 1 or read.outputs[0].kind is not ArtifactKind.FILE or read.outputs[0].name is None:
        raise NotSplit("the command does not write exactly one file")
    (source,), (output,) = read.line.inputs, read.line.outputs
    container = find_container(output)
    options = SortedOptions()
    for option in output.options:
        options.add(option)
    encoder = options.encoder or container.encoder
    filters = options.filters
    rates = [*check_filters(filters), *options.rates]
    return Splittable(
        source=source.url,
        key=read.inputs[0].keys[0],
        encoder=encoder,
        container=container,
        input_options=tuple(read_input_options(source)),
        video=tuple(options.video),
        filters=filters,
        rest=tuple(options.rest),
        muxer=tuple(options.muxer),
        maps=tuple(options.maps),
        rates=tuple(rates),
        drops_metadata=options.drops_metadata,
        is_constant_rate=options.is_constant_rate,
        key_interval=check_encoder(encoder, options.video),
    )


def find_container(output: FileGroup) -> Container:
    """The container of an output.

    Raises:
        NotSplit: streams cannot be joined into one of its kind.
    """
    muxer, suffix = output.value_of("f"), PurePosixPath(output.url).suffix.lower()
    container = _BY_MUXER.get(muxer) if muxer else _BY_SUFFIX.get(suffix)
    if container is None:
        raise NotSplit("its output is not an MP4, MOV, Matroska, WebM or MPEG-TS file")
    return container


def read_input_options(source: FileGroup) -> Iterator[Option]:
    """The options of an input that pieces keep.

    Raises:
        NotSplit: another option changes what is read.
    """
    for option in source.options:
        if option.name in _INPUT_OPTIONS:
            yield option
        elif option.name not in DROPPED:
            raise refusal(option)
