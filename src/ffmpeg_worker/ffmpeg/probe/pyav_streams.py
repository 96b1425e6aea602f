"""Describes one stream with PyAV as ffprobe does in `streams`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from ffmpeg_worker.ffmpeg.probe.pyav_names import (
    CODEC_LONG_NAMES,
    COLOR_PRIMARIES,
    COLOR_RANGES,
    COLOR_SPACES,
    COLOR_TRANSFERS,
    FIELD_ORDERS,
    find_bits_per_sample,
    format_codec_tag,
)
from ffmpeg_worker.ffmpeg.probe.pyav_summary import StreamSummary

_MAX_ASPECT_TERM = 1024 * 1024
_BRIEF_DISPOSITION = (Disposition.attached_pic,)
_MAX_RATE = 1000
"""Frames per second. A higher average beside a lower base rate is none."""


def describe_stream(
    stream: Stream, summary: StreamSummary | None, *, show_id: bool, is_brief: bool = False
) -> dict[str, Any]:
    """Describe a stream as `ffprobe -show_streams` does; unknown values are left out.

    `summary` is the printed summary of the stream; `show_id` says whether the container has stream ids. A brief
    description leaves out what takes long and what `read_media` (job/media.py) does not read.
    """
    known = summary or StreamSummary()
    codec_name = _codec_name(stream, known)
    described = {
        "index": stream.index,
        "codec_name": codec_name,
        "codec_long_name": None if is_brief else _codec_long_name(stream, codec_name),
        "profile": stream.profile,
        "codec_type": None if stream.type == "unknown" else stream.type,
        "codec_tag_string": format_codec_tag(known.tag) if summary else None,
        "codec_tag": f"0x{known.tag:04x}" if summary else None,
        **_describe_media(stream, known, codec_name, is_brief=is_brief),
        "id": f"0x{stream.id:x}" if show_id else None,
        **_describe_timing(stream),
        **_describe_sizes(stream, known, codec_name),
        "disposition": _describe_disposition(stream, _BRIEF_DISPOSITION if is_brief else Disposition),
        "tags": dict(stream.metadata) or None,
        "side_data_list": known.side_data or None,
    }
    return {key: value for key, value in described.items() if value is not None}


def _describe_disposition(stream: Stream, flags: Iterable[Disposition]) -> dict[str, int]:
    return {flag.name or "": int(flag in stream.disposition) for flag in flags}


def format_time(ticks: int | None, time_base: Fraction | None) -> str | None:
    """Format a time or duration in seconds with six decimals, as ffprobe does."""
    if ticks is None or time_base is None:
        return None
    return f"{ticks * (time_base.numerator / time_base.denominator):.6f}"


def format_ratio(ratio: Fraction | None, separator: str = "/") -> str | None:
    """Format a ratio as `30000/1001`, or with a colon as `16:9`."""
    return None if ratio is None else f"{ratio.numerator}{separator}{ratio.denominator}"


def bound_ratio(ratio: Fraction) -> Fraction:
    """Return the nearest ratio of two numbers up to 2^20, as libav does for aspect ratios."""
    if ratio > 1:
        return 1 / (1 / ratio).limit_denominator(_MAX_ASPECT_TERM)
    return ratio.limit_denominator(_MAX_ASPECT_TERM)


def _codec_name(stream: Stream, known: StreamSummary) -> str | None:
    context = stream.codec_context
    return known.codec if context is None else context.codec.canonical_name


def _codec_long_name(stream: Stream, codec_name: str | None) -> str | None:
    if codec_name is None or codec_name in CODEC_LONG_NAMES:
        return CODEC_LONG_NAMES.get(codec_name or "")
    context = stream.codec_context
    if context is None:
        return None
    if context.codec.name == codec_name:
        return context.codec.long_name
    # An external decoder (libdav1d) has its own long name; libav's decoder has that of the codec.
    with suppress(ValueError):
        codec = av.Codec(codec_name, "r")
        if codec.name == codec_name:
            return codec.long_name
    return None


def _describe_media(
    stream: Stream, known: StreamSummary, codec_name: str | None, *, is_brief: bool
) -> Mapping[str, Any]:
    context = stream.codec_context
    if isinstance(stream, VideoStream) and isinstance(context, VideoCodecContext):
        described = _describe_video(stream, context, known)
        return described if is_brief else described | _describe_coded_size(context)
    if isinstance(context, AudioCodecContext):
        return _describe_audio(context, known, codec_name or "")
    return _describe_unknown(stream, known)


def _describe_unknown(stream: Stream, known: StreamSummary) -> dict[str, Any]:
    """Facts from the container about a stream that no decoder of this build knows."""
    if stream.type == "audio":
        return {
            "sample_rate": str(known.sample_rate) if known.sample_rate else None,
            "channels": known.channels,
            "channel_layout": known.channel_layout,
        }
    if stream.type == "video" and known.size is not None:
        return {"width": known.size[0], "height": known.size[1]}
    return {}


def _describe_video(stream: VideoStream, context: VideoCodecContext, known: StreamSummary) -> dict[str, Any]:
    return {
        "width": context.width,
        "height": context.height,
        "coded_width": None,
        "coded_height": None,
        "has_b_frames": context.reorder_depth,
        **_describe_aspect(stream, context),
        "pix_fmt": context.pix_fmt,
        "level": context.level,
        "color_range": COLOR_RANGES.get(context.color_range),
        "color_space": COLOR_SPACES.get(context.colorspace),
        "color_transfer": COLOR_TRANSFERS.get(context.color_trc),
        "color_primaries": COLOR_PRIMARIES.get(context.color_primaries),
        "chroma_location": known.chroma_location,
        "field_order": FIELD_ORDERS.get(context.field_order),
        "refs": known.references,
        **_describe_nal_units(context),
    }


def _describe_coded_size(context: VideoCodecContext) -> dict[str, Any]:
    # Like ffprobe, read the coded size from a decoder that was opened but has decoded no frame.
    with suppress(av.FFmpegError):
        context.thread_count = 1
        context.open(strict=False)
        return {"coded_width": context.coded_width, "coded_height": context.coded_height}
    return {}


def _describe_aspect(stream: VideoStream, context: VideoCodecContext) -> dict[str, str | None]:
    # PyAV's `display_aspect_ratio` ignores the sample aspect ratio of the container.
    sample_aspect = stream.sample_aspect_ratio
    if sample_aspect is None or not context.width or not context.height:
        return {"sample_aspect_ratio": format_ratio(sample_aspect, ":")}
    return {
        "sample_aspect_ratio": format_ratio(sample_aspect, ":"),
        "display_aspect_ratio": format_ratio(bound_ratio(sample_aspect * context.width / context.height), ":"),
    }


def _describe_nal_units(context: VideoCodecContext) -> dict[str, str]:
    """Tell whether H.264 is stored with lengths (ISO/IEC 14496-15, avcC) or start codes (Annex B)."""
    if context.codec.canonical_name != "h264":
        return {}
    extradata = context.extradata or b""
    if len(extradata) > 4 and extradata[0] == 1:
        return {"is_avc": "true", "nal_length_size": str((extradata[4] & 3) + 1)}
    return {"is_avc": "false", "nal_length_size": "0"}


def _describe_audio(context: AudioCodecContext, known: StreamSummary, codec_name: str) -> dict[str, Any]:
    return {
        "sample_fmt": context.format.name if context.format else None,
        "sample_rate": str(context.sample_rate),
        "channels": known.channels,
        "channel_layout": known.channel_layout,
        "bits_per_sample": find_bits_per_sample(codec_name),
        "initial_padding": known.initial_padding,
    }


def _describe_timing(stream: Stream) -> dict[str, Any]:
    return {
        **_describe_frame_rates(stream),
        "time_base": format_ratio(stream.time_base),
        "start_pts": stream.start_time,
        "start_time": format_time(stream.start_time, stream.time_base),
        "duration_ts": stream.duration,
        "duration": format_time(stream.duration, stream.time_base),
    }


def _describe_frame_rates(stream: Stream) -> dict[str, str]:
    if isinstance(stream, VideoStream):
        base, average = stream.base_rate, stream.average_rate
        if base and average and average > _MAX_RATE >= base:
            average = base  # libav takes the time base for it, as in raw DV
        return {"r_frame_rate": format_ratio(base) or "0/0", "avg_frame_rate": format_ratio(average) or "0/0"}
    # A data stream may have a rate (timecode), but PyAV has no attribute for it.
    return {"r_frame_rate": "0/0", "avg_frame_rate": "0/0"} if stream.type in {"audio", "subtitle"} else {}


def _describe_sizes(stream: Stream, known: StreamSummary, codec_name: str | None) -> dict[str, Any]:
    context = stream.codec_context
    sizes: dict[str, Any] = {"nb_frames": str(stream.frames) if stream.frames else None}
    if context is None:
        return sizes
    bits = _bits_per_raw_sample(context, known, codec_name)
    return {
        "bit_rate": str(context.bit_rate) if context.bit_rate else None,
        "max_bit_rate": str(context.max_bit_rate) if context.max_bit_rate else None,
        "bits_per_raw_sample": str(bits) if bits else None,
        **sizes,
        "extradata_size": context.extradata_size or None,
    }


def _bits_per_raw_sample(context: Any, known: StreamSummary, codec_name: str | None) -> int | None:
    # Codecs that always state their bit depth; their sample format has the same one.
    if codec_name in {"h264", "prores", "dnxhd", "mjpeg"} and context.format:
        return int(context.format.components[0].bits)
    if codec_name in {"flac", "alac"} and context.format:
        return known.sample_bits or int(context.format.bits)
    return known.sample_bits
