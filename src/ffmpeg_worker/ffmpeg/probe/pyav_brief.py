"""Describes media files with PyAV as far as jobs need it, without decoding pictures where that is not needed.

To find the pixel format, libav decodes the first pictures of a file. For one of 1080p, that takes ten times as
long as everything else. `read_media` (job/media.py) says which facts jobs need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from ffmpeg_worker.ffmpeg.probe.h264_parameters import read_plain_h264
from ffmpeg_worker.ffmpeg.probe.pyav_names import COLOR_RANGES
from ffmpeg_worker.ffmpeg.probe.pyav_streams import describe_stream
from ffmpeg_worker.ffmpeg.probe.pyav_summary import Summary

_LIMITED_RANGE = COLOR_RANGES[1]
_SIZED = frozenset({"h264", "hevc", "vp9", "av1"})
"""Codecs that take long to decode, and of which the container states the size."""


def _find_quick_decoders() -> str:
    """Name the decoders of all other codecs, as libav's option `codec_whitelist` expects them."""
    names = []
    for name in sorted(av.codecs_available):
        try:
            if av.Codec(name, "r").canonical_name not in _SIZED:
                names.append(name)
        except ValueError:  # an encoder
            continue
    return ",".join(names)


QUICK_DECODERS: Mapping[str, str] = {"codec_whitelist": _find_quick_decoders()}
"""Options of a container that keep libav from decoding pictures that take long."""


def describe_streams(container: InputContainer, summary: Summary | None) -> list[dict[str, Any]]:
    """Describe the streams briefly; see `describe_stream`."""
    summaries = summary.streams if summary else {}
    return [
        describe_stream(stream, summaries.get(stream.index), show_id=False, is_brief=True)
        for stream in container.streams
    ]


def find_pixels(stream: Stream) -> dict[str, Any] | None:
    """Find what only a decoder that is not among `QUICK_DECODERS` tells; `None` where that is not certain.

    The size is among it, which a playlist does not state.
    """
    context = stream.codec_context
    if not isinstance(context, VideoCodecContext) or context.codec.canonical_name not in _SIZED:
        return {}
    plain = read_plain_h264(context.extradata) if context.codec.canonical_name == "h264" else None
    if plain is None or (context.width, context.height) not in {(plain.width, plain.height), (0, 0)}:
        return None
    color_range = {"color_range": _LIMITED_RANGE} if plain.states_range else {}
    return {"pix_fmt": "yuv420p", "width": plain.width, "height": plain.height, **color_range}
