"""Suggests names of this build for unknown names in a failure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ffmpeg_worker.suggestions import find_nearest

_OPTIONS = (
    "i y n f c c:v c:a c:s codec vcodec acodec scodec t to ss sseof fs b b:v b:a crf qp q q:v q:a qscale preset "
    "tune profile profile:v level g bf refs keyint_min sc_threshold maxrate minrate bufsize x264-params "
    "x265-params svtav1-params pix_fmt s r aspect vf af filter filter:v filter:a filter_complex lavfi map "
    "map_metadata map_chapters metadata vn an sn dn ar ac sample_fmt channel_layout movflags shortest threads "
    "pass passlogfile frames frames:v vframes loop stream_loop re itsoffset copyts start_at_zero "
    "avoid_negative_ts vsync fps_mode force_key_frames bsf bsf:v bsf:a disposition tag tag:v hwaccel "
    "hwaccel_output_format init_hw_device hls_time hls_list_size hls_playlist_type hls_segment_filename "
    "hls_segment_type hls_flags segment_time reset_timestamps safe framerate video_size pixel_format start_number "
    "pattern_type update quality deadline cpu-used row-mt tile-columns lag-in-frames vol volume timecode attach "
    "max_muxing_queue_size analyzeduration probesize fflags flags strict err_detect xerror protocol_whitelist "
    "loglevel hide_banner nostdin nostats progress compression_level vbr application rc rc-lookahead spatial-aq "
    "temporal-aq cq coder color_primaries color_trc colorspace color_range sws_flags"
).split()

_KINDS: Mapping[str, tuple[str, ...]] = {"formats": ("muxers", "demuxers")}


def is_known(kind: str | None, found: Mapping[str, str], known: Mapping[str, Collection[str]]) -> bool:
    """Whether the name exists in this build: then the failure has another cause.

    The name is in the group of `found` that is the singular of its kind: `encoder` for "encoders".
    """
    return kind is not None and found.get(kind.removesuffix("s"), "") in known.get(kind, ())


def suggest_name(kind: str, found: Mapping[str, str], known: Mapping[str, Collection[str]]) -> str | None:
    """Return the known name of `kind` nearest to the one in `found`, as it is written in a command."""
    name = found.get(kind.removesuffix("s"), "")
    candidates = [each for source in _KINDS.get(kind, (kind,)) for each in known.get(source, ())]
    if kind == "options":
        stem, colon, suffix = name.lstrip("-").partition(":")
        meant = find_nearest(stem, [*candidates, *_OPTIONS])
        return f"-{meant}{colon}{suffix}" if meant and meant != name else None
    return find_nearest(name, candidates)
