"""Commands whose frames stay in GPU memory: decoded, filtered and encoded there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.command.filter_graph import read_filter_graph
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.pixel_format import has_filter_complex, read_video_filters

GPU_DECODING_OPTIONS = (Option("-hwaccel", "cuda"), Option("-hwaccel_output_format", "cuda"))
"""Input options that decode into GPU memory."""
# Width and height in pixels that the decoders and encoders of all NVIDIA GPUs since 2016 accept.
_SIDES = range(256, 4097)
_DEPTHS = {"yuv420p": frozenset({"h264", "hevc", "av1"}), "yuv420p10le": frozenset({"hevc", "av1"})}
_SAME_FORMATS = {"yuv420p": {"yuv420p", "nv12"}, "yuv420p10le": {"yuv420p10le", "p010le"}}
_SEEKING = frozenset("ss sseof t to accurate_seek noaccurate_seek f".split())
# Filters that change only timestamps and aspect ratio, so they run on frames in GPU memory.
_METADATA_FILTERS = frozenset("fps setpts setsar setdar".split())
_DEINTERLACERS = frozenset({"yadif", "bwdif"})
_SIZE = re.compile(r"-[12]|[1-9]\d{1,4}|i[wh](?:/\d)?", re.ASCII)
_SCALE_NAMES = {"w": "w", "width": "w", "h": "h", "height": "h"}
_SCALE_KEPT = frozenset({"force_original_aspect_ratio", "force_divisible_by"})
_ALGORITHMS = {"bicubic": "bicubic", "bilinear": "bilinear", "lanczos": "lanczos", "neighbor": "nearest"}
# Characters that make splitting at commas wrong: quotation marks, backslashes, labels.
_NOT_PLAIN = re.compile(r"['\"\\\[\];@]")


def find_gpu_stream(
    line: CommandLine, media: Sequence[MediaInfo | None], decoders: frozenset[str]
) -> StreamInfo | None:
    """The video stream of a command whose only input the GPU decodes exactly as the CPU does, else `None`.

    Where the GPU cannot decode, FFmpeg silently falls back to the CPU and GPU filters then fail, so every doubt
    means `None`. Only the CPU applies the rotation of a file.
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


def map_filters(group: FileGroup, stream: StreamInfo, pixel_format: str, *, may_scale: bool) -> str:
    """The video filter graph of an output with GPU filters; empty if none is needed.

    Raises:
        NotMapped: a filter has no GPU equivalent, or the frames change their format.
    """
    if pixel_format not in _SAME_FORMATS[stream.pix_fmt or ""] or group.has("s"):
        raise NotMapped("The frames change their format or size.")
    graph = read_video_filters(group) or ""
    if _NOT_PLAIN.search(graph):
        raise NotMapped("The filter graph is more than a plain chain of filters.")
    is_progressive = stream.field_order in {None, "progressive", "unknown"}
    mapped = []
    for text in filter(None, graph.split(",")):
        name = text.partition("=")[0].strip()
        if name in _DEINTERLACERS:
            mapped.append(text.replace(name, f"{name}_cuda", 1))
            is_progressive = True
        elif name == "scale" and may_scale:
            mapped.append(_map_scale(text))
        elif name in _METADATA_FILTERS:
            mapped.append(text)
        elif name != "format" or text.partition("=")[2] not in _SAME_FORMATS[stream.pix_fmt or ""]:
            raise NotMapped(f'The filter "{name[:64]}" has no GPU equivalent.')
    if not is_progressive:
        raise NotMapped("Interlaced video stays interlaced.")
    return ",".join(mapped)


def _map_scale(text: str) -> str:
    (found,) = read_filter_graph(text)
    sizes: dict[str, str] = {}
    others: list[str] = []
    algorithm = "bicubic"  # the default of both filters
    for index, (key, value) in enumerate(found.options):
        side = _SCALE_NAMES.get(key) if key else "wh"[index : index + 1]
        if side and _SIZE.fullmatch(value):
            sizes[side] = value
        elif key == "flags" and value in _ALGORITHMS:
            algorithm = _ALGORITHMS[value]
        elif key in _SCALE_KEPT and re.fullmatch(r"\w{1,16}", value):
            others.append(f"{key}={value}")
        else:
            raise NotMapped("The scale filter has no GPU equivalent.")
    if sizes.keys() != {"w", "h"}:
        raise NotMapped("The scale filter has no GPU equivalent.")
    return ":".join([f"scale_cuda=w={sizes['w']}:h={sizes['h']}", f"interp_algo={algorithm}", *others])
