"""Split the options of one output into those of its video encoder and those that stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.command.encoders import Encoder
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

# Options without effect on a video encoder: files, streams, time, metadata, audio, subtitles, muxers.
_OTHER_OPTIONS = frozenset(
    "f map map_metadata map_chapters metadata disposition program t to ss fs shortest shortest_buf_duration "
    "sn an dn vn aq acodec ar ac ab af scodec movflags brand use_editlist write_tmcd video_track_timescale "
    "avoid_negative_ts muxdelay muxpreload max_muxing_queue_size max_interleave_delta start_number update "
    "hls_time hls_list_size hls_playlist_type hls_segment_filename hls_segment_type hls_fmp4_init_filename "
    "hls_flags hls_base_url hls_start_number_source hls_init_time hls_allow_cache master_pl_name var_stream_map "
    "segment_time segment_format segment_list segment_list_type segment_start_number reset_timestamps "
    "seg_duration adaptation_sets use_template use_timeline init_seg_name media_seg_name "
    "atomic_writing timestamp max_delay mpegts_flags fflags strict threads "
    # Options that the worker sets itself.
    "y n hide_banner stats nostats stdin nostdin loglevel v stats_period progress report".split()
)
# Options of the frames, the same for every encoder.
_FRAME_OPTIONS = frozenset(
    "vf filter filter_complex lavfi filter_complex_threads filter_threads sws_flags r s aspect fps_mode vsync "
    "frames vframes tag vtag bsf color_primaries color_trc colorspace color_range chroma_sample_location "
    "enc_time_base copyts start_at_zero".split()
)
_ENCODER_OPTIONS = frozenset(
    "crf preset cpu-used tune profile level pix_fmt b maxrate bufsize g keyint_min bf refs sc_threshold "
    "rc-lookahead aq-mode pass passlogfile force_key_frames row-mt".split()
)
_ALIASES = {"vb": "b", "vcodec": "c", "codec": "c", "vprofile": "profile"}
# Parameters of x264, x265 and SVT-AV1 that mean the same as an option of FFmpeg.
_PARAMETERS = {
    "keyint": "g",
    "min-keyint": "keyint_min",
    "scenecut": "sc_threshold",
    "bframes": "bf",
    "ref": "refs",
    "crf": "crf",
    "vbv-maxrate": "maxrate",
    "vbv-bufsize": "bufsize",
    "rc-lookahead": "rc-lookahead",
    "aq-mode": "aq-mode",
}
_IN_KILOBITS = frozenset({"vbv-maxrate", "vbv-bufsize"})
_KEPT_FLAGS = frozenset({"cgop", "global_header"})
# FFmpeg encodes these with libx264 where no encoder is given.
_DEFAULT_IS_H264 = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".m3u8", "mp4", "mov", "matroska", "hls"})


@dataclass(slots=True)
class VideoSettings:
    """The options of one output, split.

    Attributes:
        software: the encoder that the options are for.
        kept: the options that stay as they are, in order.
        index: position in `kept` at which the encoder was named.
        values: encoder settings as option → stream (`v` for all, `v:0`, …) → value; the last value counts.
    """

    software: Encoder
    kept: list[Option] = field(default_factory=list)
    index: int = 0
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """Value of an option; `None` where it is not given.

        Raises:
            NotMapped: the streams have different values.
        """
        values = self.values.get(name, {})
        if len(values) > 1:
            raise NotMapped(f'The option "-{name}" has more than one value.')
        return next(iter(values.values()), None)

    def set(self, name: str, stream: str, value: str) -> None:
        """Store a setting; one for all streams replaces earlier ones."""
        known = self.values.setdefault(name, {})
        if stream == "v":
            known.clear()
        known[stream] = value


def find_software_encoder(group: FileGroup) -> str | None:
    """Name of the encoder that FFmpeg uses for the video of an output; `None` if it encodes no video.

    Raises:
        NotMapped: the streams of the output have different encoders.
    """
    if group.has("vn"):
        return None
    named: dict[str, str] = {}
    for option in group.options:
        stream = _video_specifier(option)
        if _plain_name(option) == "c" and stream is not None and option.value is not None:
            if stream == "v":
                named.clear()
            named[stream] = option.value
    if len(set(named.values())) > 1:
        raise NotMapped("The streams of an output have different video encoders.")
    if named:
        return next(iter(named.values()))
    kind = group.value_of("f") or PurePosixPath(group.url).suffix.lower()
    return "libx264" if kind in _DEFAULT_IS_H264 else None


def read_settings(group: FileGroup, software: Encoder) -> VideoSettings:
    """Split the options of an output that is encoded with `software`.

    Raises:
        NotMapped: an option may not mean the same to another encoder.
    """
    settings = VideoSettings(software)
    parameter_options = software.nvenc.parameter_options if software.nvenc else ()
    for option in group.options:
        name, stream = _plain_name(option), _video_specifier(option)
        if stream is None or name in _OTHER_OPTIONS | _FRAME_OPTIONS or _has_only_kept_flags(option):
            settings.kept.append(option)
        elif name == "c" and option.token in {"-c", "-codec"} and option.value == "copy":
            settings.kept.append(option)  # for audio and subtitles: a later option names the video encoder
        elif name == "c":
            settings.index = len(settings.kept)
        elif name in _ENCODER_OPTIONS and option.value is not None:
            settings.set(name, stream, option.value)
        elif name in parameter_options:
            for key, value in _read_parameters(option):
                settings.set(key, stream, value)
        else:
            raise NotMapped(f'The option "{option.token[:64]}" has no NVENC equivalent.')
    return settings


def _has_only_kept_flags(option: Option) -> bool:
    return option.name == "flags" and {*(option.value or "").strip("+").split("+")} <= _KEPT_FLAGS


def _plain_name(option: Option) -> str:
    return _ALIASES.get(option.name, option.name)


def _video_specifier(option: Option) -> str | None:
    """Stream specifier `v`, `v:0`, … of a video option; `None` for an option of other streams.

    Raises:
        NotMapped: the specifier does not name the kind of stream.
    """
    _, _, stream = option.token.partition(":")
    if option.name in _OTHER_OPTIONS or stream[:1] in {"a", "s", "d", "t"}:
        return None
    if not stream:
        return "v"
    kind, _, number = stream.partition(":")
    if kind == "v" and (not number or number.isdigit()):
        return stream
    raise NotMapped(f'The option "{option.token[:64]}" must name its stream by v, v:0, ….')


def _read_parameters(option: Option) -> Iterator[tuple[str, str]]:
    for pair in (option.value or "").split(":"):
        key, _, value = pair.partition("=")
        plain = key.replace("_", "-")
        if plain == "no-scenecut" and value in {"", "1"}:
            yield "sc_threshold", "0"
        elif plain in _PARAMETERS and value:
            yield _PARAMETERS[plain], f"{value}k" if plain in _IN_KILOBITS else value
        else:
            raise NotMapped(f'The key "{key[:64]}" of "{option.token[:64]}" has no NVENC equivalent.')
