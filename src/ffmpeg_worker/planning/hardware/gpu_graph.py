"""Commands whose pictures never leave the card: decoded, filtered and encoded there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.command.filter_graph import read_filter_graph
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.pixel_format import has_filter_complex, read_video_filters

GPU_DECODING_OPTIONS = (Option("-hwaccel", "cuda"), Option("-hwaccel_output_format", "cuda"))
"""In front of the input: pictures stay in the card's memory."""
# What decoders of all cards since 2016 take, and encoders too.
_SIDES = range(256, 4097)
_DEPTHS = {"yuv420p": frozenset({"h264", "hevc", "av1"}), "yuv420p10le": frozenset({"hevc", "av1"})}
_SAME_FORMATS = {"yuv420p": {"yuv420p", "nv12"}, "yuv420p10le": {"yuv420p10le", "p010le"}}
_SEEKING = frozenset("ss sseof t to accurate_seek noaccurate_seek f".split())
# They touch times and shapes, not pictures.
_ANYWHERE = frozenset("fps setpts setsar setdar".split())
_DEINTERLACERS = frozenset({"yadif", "bwdif"})
_SIZE = re.compile(r"-[12]|[1-9]\d{1,4}|i[wh](?:/\d)?", re.ASCII)
_SCALE_NAMES = {"w": "w", "width": "w", "h": "h", "height": "h"}
_SCALE_KEPT = frozenset({"force_original_aspect_ratio", "force_divisible_by"})
_ALGORITHMS = {"bicubic": "bicubic", "bilinear": "bilinear", "lanczos": "lanczos", "neighbor": "nearest"}
# Quotation marks, backslashes, labels: nothing that a plain split at commas would misread.
_NOT_PLAIN = re.compile(r"['\"\\\[\];@]")


def find_gpu_stream(
    line: CommandLine, media: Sequence[MediaInfo | None], decoders: frozenset[str]
) -> StreamInfo | None:
    """The one video stream of a command that a card can decode as the processor does; `None` for others.

    Where a card cannot, ffmpeg decodes on the processor without a word and its filters then fail, so whatever
    is not certain stays there. A rotation that the file asks for is only done by the processor.
    """
    if len(line.inputs) != 1 or media[0] is None or has_filter_complex(line):
        return None
    if any(option.name not in _SEEKING for option in line.inputs[0].options):
        return None
    streams = [stream for stream in media[0].streams if stream.kind == "video"]
    if len(streams) != 1 or streams[0].is_cover or streams[0].rotation:
        return None
    (stream,) = streams
    is_decoded = stream.codec in decoders & _DEPTHS.get(stream.pix_fmt or "", frozenset())
    sides = (stream.width or 0, stream.height or 0)
    return stream if is_decoded and all(side in _SIDES and side % 2 == 0 for side in sides) else None


def map_filters(group: FileGroup, stream: StreamInfo, encoded: str, *, may_scale: bool) -> str:
    """The filters of an output as filters of the card; empty where none is left.

    Raises:
        NotMapped: one of them has no certain counterpart there.
    """
    if encoded not in _SAME_FORMATS[stream.pix_fmt or ""] or group.has("s"):
        raise NotMapped("The pictures change their format.")
    graph = read_video_filters(group) or ""
    if _NOT_PLAIN.search(graph):
        raise NotMapped("The filter graph is more than a row of filters.")
    is_progressive = stream.field_order in {None, "progressive", "unknown"}
    mapped = []
    for text in filter(None, graph.split(",")):
        name = text.partition("=")[0].strip()
        if name in _DEINTERLACERS:
            mapped.append(text.replace(name, f"{name}_cuda", 1))
            is_progressive = True
        elif name == "scale" and may_scale:
            mapped.append(_scale(text))
        elif name in _ANYWHERE:
            mapped.append(text)
        elif name != "format" or text.partition("=")[2] not in _SAME_FORMATS[stream.pix_fmt or ""]:
            raise NotMapped(f'The filter "{name[:64]}" has no certain counterpart on the card.')
    if not is_progressive:
        raise NotMapped("Interlaced pictures stay interlaced.")
    return ",".join(mapped)


def _scale(text: str) -> str:
    (found,) = read_filter_graph(text)
    sizes: dict[str, str] = {}
    others: list[str] = []
    algorithm = "bicubic"  # the default of both
    for place, (key, value) in enumerate(found.options):
        side = _SCALE_NAMES.get(key) if key else "wh"[place : place + 1]
        if side and _SIZE.fullmatch(value):
            sizes[side] = value
        elif key == "flags" and value in _ALGORITHMS:
            algorithm = _ALGORITHMS[value]
        elif key in _SCALE_KEPT and re.fullmatch(r"\w{1,16}", value):
            others.append(f"{key}={value}")
        else:
            raise NotMapped("The scaling has no certain counterpart on the card.")
    if sizes.keys() != {"w", "h"}:
        raise NotMapped("The scaling has no certain counterpart on the card.")
    return ":".join([f"scale_cuda=w={sizes['w']}:h={sizes['h']}", f"interp_algo={algorithm}", *others])
