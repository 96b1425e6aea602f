"""Sorts the options of an output by what they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.steady_quality import RATE_OPTIONS
from ffmpeg_worker.planning.commands.read_chain import WORKER_OPTIONS

DROPPED = WORKER_OPTIONS | {"progress", "report"}
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


def refusal(option: Option) -> NotSplit:
    """The reason why a command with an option runs as a whole."""
    reason = _WHOLE.get(option.name)
    if reason is not None:
        return NotSplit(f'"{option.token[:64]}" {reason}')
    return NotSplit(f'the option "{option.token[:64]}" is not known to mean the same for a part of the video')


@dataclass
class SortedOptions:
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
        if name in DROPPED | {"map", "strict"}:
            self._add_common(option, name)
        elif name in _MUXER_NAMES:
            _check_muxer_option(option)
            self._add_muxer_option(option)
        elif name in _WHOLE:
            raise refusal(option)
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
            raise refusal(option)

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
            raise refusal(option)
        self.rest.append(option)
        self.encoder = "copy"

    def _add_video(self, option: Option, name: str, kind: str) -> None:
        value = option.value or ""
        if name == "c":
            self.encoder = value
        elif name in {"fps_mode", "vsync"}:
            if value not in _CONSTANT | _OTHER_SYNC:
                raise refusal(option)
            self.is_constant_rate |= value in _CONSTANT
        elif name == "r":
            self.rates.append(value)
            self.is_constant_rate = True
        elif name not in _VIDEO_NAMES | RATE_OPTIONS and not (kind == "v" and name in _BOTH_KINDS):
            raise refusal(option)
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
        raise refusal(option)
