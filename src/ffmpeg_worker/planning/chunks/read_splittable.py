"""Reads whether a command may be split, and sorts its options by what they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.chunks.frame_filters import check_filters
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.splittable import Container, Parallel, SplitRequest, Splittable
from ffmpeg_worker.planning.chunks.steady_quality import RATE_OPTIONS, check_encoder
from ffmpeg_worker.planning.commands.read_chain import WORKER_OPTIONS, Chain
from ffmpeg_worker.planning.file_references import InputKind

_MP4 = Container(frozenset({"mp4"}), "mp4", "mp4", has_timecode=True)
_MOV = Container(frozenset({"mov"}), "mov", "mov", has_timecode=True)
_MATROSKA = Container(frozenset({"matroska"}), "mkv", "mkv", is_rounded=True)
_WEBM = Container(frozenset({"webm"}), "mkv", "webm", "libvpx-vp9", is_rounded=True)
# MOV, unlike MP4, can leave the language of a stream open, as MPEG-TS does.
_TS = Container(frozenset({"mpegts"}), "mov", "mov", "mpeg2video", has_subtitles=False)
_BY_SUFFIX = {".mp4": _MP4, ".mov": _MOV, ".mkv": _MATROSKA, ".webm": _WEBM, ".ts": _TS}
_BY_MUXER = {muxer: container for container in _BY_SUFFIX.values() for muxer in container.muxers}

_DROPPED = WORKER_OPTIONS | {"progress", "report"}
_INPUT_OPTIONS = frozenset({"threads", "thread_queue_size"})
_VIDEO_NAMES = frozenset(
    "crf qp preset tune level pix_fmt g keyint_min bf refs sc_threshold rc-lookahead aq-mode aq-strength trellis "
    "b-pyramid coder x264-params x264opts x264-opts x265-params svtav1-params cpu-used deadline row-mt "
    "tile-columns tile-rows lag-in-frames auto-alt-ref lossless color_primaries color_trc colorspace color_range "
    "chroma_sample_location field_order s aspect r fps_mode vsync filter_threads threads sws_flags qmin qmax "
    "bits_per_mb mbs_per_slice vendor alpha_bits slices slicecrc context".split()
)
_BOTH_KINDS = frozenset("q qscale profile".split())
"""Options of encoders of any kind, which must name the kind of stream."""
_REST_NAMES = frozenset("ac ar aq ab af an sn dn channel_layout ch_layout sample_fmt application vbr".split())
_MUXER_NAMES = frozenset(
    "f movflags brand metadata map_metadata map_chapters disposition tag vtag atag video_track_timescale "
    "write_tmcd max_muxing_queue_size max_interleave_delta id3v2_version".split()
)
_ALIASES = {
    "vcodec": "c:v",
    "acodec": "c:a",
    "scodec": "c:s",
    "codec": "c",
    "vb": "b:v",
    "ab": "b:a",
    "vf": "filter:v",
}
_MOVFLAGS = frozenset("faststart use_metadata_tags write_colr prefer_icc disable_chpl".split())
_PICTURE_FLAGS = frozenset("cgop ilme ildct mv4 qpel aic low_delay".split())
_CONSTANT = frozenset({"cfr", "1"})
_OTHER_SYNC = frozenset({"vfr", "2", "auto", "-1"})
_WHOLE = {
    "ss": "cuts its input", "t": "cuts its input", "to": "cuts its input", "sseof": "cuts its input",
    "frames": "cuts its output", "vframes": "cuts its output", "fs": "cuts its output",
    "shortest": "cuts its output",
    "filter_complex": "has a complex filter graph", "lavfi": "has a complex filter graph",
    "force_key_frames": "chooses key frames by time",
    "itsoffset": "moves timestamps", "copyts": "moves timestamps", "stream_loop": "repeats its input",
}  # fmt: skip


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
    container = _find_container(output)
    options = _SortedOptions()
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
        input_options=tuple(_read_input_options(source)),
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


def _find_container(output: FileGroup) -> Container:
    muxer, suffix = output.value_of("f"), PurePosixPath(output.url).suffix.lower()
    container = _BY_MUXER.get(muxer) if muxer else _BY_SUFFIX.get(suffix)
    if container is None:
        raise NotSplit("its output is not an MP4, MOV, Matroska, WebM or MPEG-TS file")
    return container


def _read_input_options(source: FileGroup) -> Iterator[Option]:
    for option in source.options:
        if option.name in _INPUT_OPTIONS:
            yield option
        elif option.name not in _DROPPED:
            raise _refusal(option)


def _refusal(option: Option) -> NotSplit:
    reason = _WHOLE.get(option.name)
    if reason is not None:
        return NotSplit(f'"{option.token[:64]}" {reason}')
    return NotSplit(f'the option "{option.token[:64]}" is not known to mean the same for chunks')


@dataclass
class _SortedOptions:
    """The options of an output by what they belong to."""

    encoder: str = ""
    filters: str = ""
    drops_metadata: bool = False
    is_constant_rate: bool = False
    video: list[Option] = field(default_factory=list)
    rest: list[Option] = field(default_factory=list)
    muxer: list[Option] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    rates: list[str] = field(default_factory=list)

    def add(self, option: Option) -> None:
        """Sort in one option.

        Raises:
            NotSplit: it may depend on the whole video, or is not known.
        """
        name, kind = _read_name(option)
        if name in _DROPPED | {"map", "strict"}:
            self._add_common(option, name)
        elif name in _MUXER_NAMES:
            _check_muxer_option(option)
            self._add_muxer_option(option)
        elif name in _WHOLE:
            raise _refusal(option)
        elif name in _REST_NAMES or kind in {"a", "s"}:
            self.rest.append(option)
        elif name == "c" and kind != "v":
            self._add_codec_of_all(option)
        elif name == "filter" and kind == "v":
            self.filters = option.value or ""
        elif name == "flags" and _has_only_picture_flags(option):
            self.video.append(option)
        elif name in _VIDEO_NAMES | RATE_OPTIONS or kind == "v":
            self._add_video(option, name, kind)
        else:
            raise _refusal(option)

    def _add_muxer_option(self, option: Option) -> None:
        if option.name == "map_metadata":
            self.drops_metadata = option.value == "-1"
        else:
            self.muxer.append(option)

    def _add_common(self, option: Option, name: str) -> None:
        if name == "map":
            self.maps.append(option.value or "")
        elif name == "strict":
            for group in (self.video, self.rest, self.muxer):
                group.append(option)

    def _add_codec_of_all(self, option: Option) -> None:
        """`-c copy` for all streams before `-c:v` names the encoder of the video."""
        if option.value != "copy" or self.encoder:
            raise _refusal(option)
        self.rest.append(option)
        self.encoder = "copy"

    def _add_video(self, option: Option, name: str, kind: str) -> None:
        value = option.value or ""
        if name == "c":
            self.encoder = value
        elif name in {"fps_mode", "vsync"}:
            if value not in _CONSTANT | _OTHER_SYNC:
                raise _refusal(option)
            self.is_constant_rate |= value in _CONSTANT
        elif name == "r":
            self.rates.append(value)
            self.is_constant_rate = True
        elif name not in _VIDEO_NAMES | RATE_OPTIONS and not (kind == "v" and name in _BOTH_KINDS):
            raise _refusal(option)
        self.video.append(option)


def _has_only_picture_flags(option: Option) -> bool:
    return {*(option.value or "").strip("+").split("+")} <= _PICTURE_FLAGS


def _read_name(option: Option) -> tuple[str, str]:
    """Name of an option without its alias, and the kind of stream that its specifier names: v, a, s or none.

    Raises:
        NotSplit: the specifier names streams in another way.
    """
    token = option.token.lstrip("-")
    bare, _, specifier = token.partition(":")
    full = _ALIASES.get(bare, bare) + (f":{specifier}" if specifier else "")
    name, _, stream = full.partition(":")
    if name in _MUXER_NAMES or not stream:
        return name, ""
    kind, _, number = stream.partition(":")
    if (
        kind not in {"v", "a", "s"}
        or (number and not number.isdigit())
        or (kind == "v" and number not in {"", "0"})
    ):
        raise NotSplit(f'the option "{option.token[:64]}" must name its stream by v, a or s')
    return name, kind


def _check_muxer_option(option: Option) -> None:
    value = option.value or ""
    if option.name == "movflags" and not {*value.strip("+").split("+")} <= _MOVFLAGS:
        raise NotSplit(f'"-movflags {value[:64]}" depends on how the file is written')
    if option.name in {"map_metadata", "map_chapters"} and (value not in {"0", "-1"} or ":" in option.token):
        raise _refusal(option)
