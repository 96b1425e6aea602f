"""The video options of one output, taken apart: what stays, and what the encoder is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

# Say nothing to a video encoder: files, streams, time, metadata, sound, subtitles, muxers.
_INDEPENDENT = frozenset(
    "f map map_metadata map_chapters metadata disposition program t to ss fs shortest shortest_buf_duration "
    "sn an dn vn aq acodec ar ac ab af scodec movflags brand use_editlist write_tmcd video_track_timescale "
    "avoid_negative_ts muxdelay muxpreload max_muxing_queue_size max_interleave_delta start_number update "
    "hls_time hls_list_size hls_playlist_type hls_segment_filename hls_segment_type hls_fmp4_init_filename "
    "hls_flags hls_base_url hls_start_number_source hls_init_time hls_allow_cache master_pl_name var_stream_map "
    "segment_time segment_format segment_list segment_list_type segment_start_number reset_timestamps "
    "seg_duration adaptation_sets use_template use_timeline init_seg_name media_seg_name "
    "atomic_writing timestamp max_delay mpegts_flags fflags strict threads "
    # Of the worker itself.
    "y n hide_banner stats nostats stdin nostdin loglevel v stats_period progress report".split()
)
# Of the picture, and the same for every encoder. Not vsync and s, r alone: they are read elsewhere, too.
_OF_THE_PICTURE = frozenset(
    "vf filter filter_complex lavfi filter_complex_threads filter_threads sws_flags r s aspect fps_mode vsync "
    "frames vframes tag vtag bsf color_primaries color_trc colorspace color_range chroma_sample_location "
    "enc_time_base copyts start_at_zero".split()
)
_OF_THE_ENCODER = frozenset(
    "crf preset cpu-used tune profile level pix_fmt b maxrate bufsize g keyint_min bf refs sc_threshold "
    "rc-lookahead aq-mode pass passlogfile force_key_frames row-mt".split()
)
_OTHER_NAMES = {"vb": "b", "vcodec": "c", "codec": "c", "vprofile": "profile"}
_PARAMETERS = {
    "libx264": ("x264-params", "x264opts", "x264-opts"),
    "libx265": ("x265-params",),
    "libsvtav1": ("svtav1-params",),
}
_KEYS = {
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
_KILOBITS = frozenset({"vbv-maxrate", "vbv-bufsize"})
_SAME_FLAGS = frozenset({"cgop", "global_header"})
_DEFAULT_IS_H264 = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".m3u8", "mp4", "mov", "matroska", "hls"})


@dataclass(slots=True)
class VideoSettings:
    """What one output tells its encoder: option → stream (`v` for all, `v:0`, …) → value; the last one holds.

    `kept` are the options that do not concern the encoder, in order; `place` is where among them its own stood.
    """

    software: str
    kept: list[Option] = field(default_factory=list)
    place: int = 0
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """The one value of an option.

        Raises:
            NotMapped: it differs between the streams.
        """
        values = self.values.get(name, {})
        if len(values) > 1:
            raise NotMapped(f'The option "-{name}" has more than one value.')
        return next(iter(values.values()), None)

    def take(self, name: str, stream: str, value: str) -> None:
        """Remember a setting; one for all streams replaces those before it."""
        known = self.values.setdefault(name, {})
        if stream == "v":
            known.clear()
        known[stream] = value


def software_encoder(group: FileGroup) -> str | None:
    """The encoder that ffmpeg uses for the video of an output; `None` where there is no video to encode.

    Raises:
        NotMapped: its streams have different ones.
    """
    if group.has("vn"):
        return None
    named: dict[str, str] = {}
    for option in group.options:
        stream = _stream_of(option)
        if _name_of(option) == "c" and stream is not None and option.value is not None:
            if stream == "v":
                named.clear()
            named[stream] = option.value
    if len(set(named.values())) > 1:
        raise NotMapped("The streams of an output have different video encoders.")
    if named:
        return next(iter(named.values()))
    kind = group.value_of("f") or PurePosixPath(group.url).suffix.lower()
    return "libx264" if kind in _DEFAULT_IS_H264 else None


def read_settings(group: FileGroup, software: str) -> VideoSettings:
    """Take the options of an output apart.

    Raises:
        NotMapped: one of them is not known to be the same with another encoder.
    """
    settings = VideoSettings(software)
    for option in group.options:
        name, stream = _name_of(option), _stream_of(option)
        if stream is None or name in _INDEPENDENT | _OF_THE_PICTURE or _is_same_flag(option):
            settings.kept.append(option)
        elif name == "c" and option.token in {"-c", "-codec"} and option.value == "copy":
            settings.kept.append(option)  # of sound and subtitles: a later one names the video's
        elif name == "c":
            settings.place = len(settings.kept)
        elif name in _OF_THE_ENCODER and option.value is not None:
            settings.take(name, stream, option.value)
        elif name in _PARAMETERS.get(software, ()):
            for key, value in _read_parameters(option):
                settings.take(key, stream, value)
        else:
            raise NotMapped(f'The option "{option.token[:64]}" has no certain counterpart.')
    return settings


def _is_same_flag(option: Option) -> bool:
    return option.name == "flags" and {*(option.value or "").strip("+").split("+")} <= _SAME_FLAGS


def _name_of(option: Option) -> str:
    return _OTHER_NAMES.get(option.name, option.name)


def _stream_of(option: Option) -> str | None:
    """`v`, `v:0`, … for what concerns video; `None` for what concerns other streams only.

    Raises:
        NotMapped: it is not said by the kind of stream.
    """
    _, _, stream = option.token.partition(":")
    if option.name in _INDEPENDENT or stream[:1] in {"a", "s", "d", "t"}:
        return None
    if not stream:
        return "v"
    kind, _, number = stream.partition(":")
    if kind == "v" and (not number or number.isdigit()):
        return stream
    raise NotMapped(f'The option "{option.token[:64]}" names its stream in another way than by v, v:0, ….')


def _read_parameters(option: Option) -> Iterator[tuple[str, str]]:
    for pair in (option.value or "").split(":"):
        key, _, value = pair.partition("=")
        if key in {"no-scenecut", "no_scenecut"} and value in {"", "1"}:
            yield "sc_threshold", "0"
        elif key.replace("_", "-") in _KEYS and value:
            plain = key.replace("_", "-")
            yield _KEYS[plain], f"{value}k" if plain in _KILOBITS else value
        else:
            raise NotMapped(f'The key "{key[:64]}" of "{option.token[:64]}" has no certain counterpart.')
