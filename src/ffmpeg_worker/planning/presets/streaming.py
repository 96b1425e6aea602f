"""Presets `hls` and `dash`: a video in several sizes for adaptive streaming."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Side
from ffmpeg_worker.planning.presets.parts import VIDEO, map_video
from ffmpeg_worker.planning.presets.preset import Command, Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput
from ffmpeg_worker.planning.presets.sizes import Size, even, even_size, scaled_even

_HEIGHTS = (1080, 720, 480)
_KBPS_AT_1080 = 5000
_PIXELS_AT_1080 = 1920 * 1080
_LEAST_KBPS = 150
_AUDIO = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
# Half the pixels need more than half of the rate.
_EXPONENT = 0.8
_MAX_ASPECT = 65_535


class StreamingParameters(PresetParameters):
    """Parameters of `hls` and `dash`."""

    heights: Annotated[tuple[Side, ...], Field(min_length=1, max_length=6, strict=False, fail_fast=True)] = Field(
        _HEIGHTS,
        description="Heights of the renditions in pixels. Those above the height of the video are left out; if "
        "none is left, there is one of the video's own size.",
        examples=[[1080, 720, 480]],
    )
    segment_duration: float = Field(
        6.0, ge=1, le=30, allow_inf_nan=False, description="Length of a segment in seconds.", examples=[6]
    )


def _choose_sizes(wanted: StreamingParameters, source: PresetInput) -> tuple[Size, ...]:
    """The sizes of the renditions, the largest first."""
    width, height = even_size(source.size)
    smaller = sorted({even(one) for one in wanted.heights if one <= height}, reverse=True)
    return tuple(scaled_even(source.size, None, one) for one in smaller) or ((width, height),)


def _kbps(size: Size) -> int:
    share: float = (size[0] * size[1] / _PIXELS_AT_1080) ** _EXPONENT
    return max(_LEAST_KBPS, round(_KBPS_AT_1080 * share))


def _encode(wanted: StreamingParameters, source: PresetInput) -> tuple[Command, tuple[Size, ...]]:
    """Decode once, and encode every rendition with key frames at the same times."""
    sizes = _choose_sizes(wanted, source)
    labels = "".join(f"[s{number}]" for number in range(len(sizes)))
    graph = [f"[{map_video(source)}]split={len(sizes)}{labels}"]
    options: list[str] = []
    for number, size in enumerate(sizes):
        # DASH wants one shape of all renditions, to which even numbers of pixels come only near.
        aspect = Fraction(source.size[0] * size[1], source.size[1] * size[0]).limit_denominator(_MAX_ASPECT)
        scale = f"scale={size[0]}:{size[1]}:flags=bicubic,setsar={aspect.numerator}/{aspect.denominator}"
        graph.append(f"[s{number}]{scale}:max={_MAX_ASPECT}[v{number}]")
        kbps = _kbps(size)
        options += ["-map", f"[v{number}]", f"-b:v:{number}", f"{kbps}k"]
        options += [f"-maxrate:v:{number}", f"{kbps * 107 // 100}k", f"-bufsize:v:{number}", f"{kbps * 3 // 2}k"]
    keys = f"expr:gte(t,n_forced*{plain(wanted.segment_duration)})"
    video = ("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", "-sc_threshold", "0")
    command = ("-i", source.placeholder, "-filter_complex", ";".join(graph), *options, *video)
    return (*command, "-force_key_frames", keys), sizes


def _build_hls(wanted: StreamingParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    encode, sizes = _encode(wanted, source)
    master = PurePosixPath(output)
    folder = "" if str(master.parent) == "." else f"{master.parent}/"
    sound = tuple(part for _ in sizes for part in ("-map", "0:a:0")) if source.has_audio else ()
    streams = " ".join(
        f"v:{number},a:{number},name:{size[1]}p" if source.has_audio else f"v:{number},name:{size[1]}p"
        for number, size in enumerate(sizes)
    )
    # The name of the variants' playlists and segments begins with that of the master playlist.
    name = f"{folder}{master.stem}-%v"
    command = (
        *encode,
        *((*sound, *_AUDIO) if source.has_audio else ()),
        *("-f", "hls", "-hls_time", plain(wanted.segment_duration), "-hls_playlist_type", "vod"),
        *("-hls_flags", "independent_segments", "-hls_segment_filename", f"{name}-%04d.ts"),
        *("-master_pl_name", master.name, "-var_stream_map", streams),
        f"{name}.m3u8",
    )
    return PresetChain((command,), (f"{name}.m3u8",))


def _build_dash(wanted: StreamingParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    encode, _ = _encode(wanted, source)
    sets = "id=0,streams=v id=1,streams=a" if source.has_audio else "id=0,streams=v"
    stem = PurePosixPath(output).stem
    command = (
        *encode,
        *(("-map", "0:a:0", *_AUDIO) if source.has_audio else ()),
        *("-f", "dash", "-seg_duration", plain(wanted.segment_duration), "-adaptation_sets", sets),
        *("-init_seg_name", f"{stem}-$RepresentationID$-init.m4s"),
        *("-media_seg_name", f"{stem}-$RepresentationID$-$Number%05d$.m4s"),
        output,
    )
    return PresetChain((command,), (output,))


HLS = Preset(
    name="hls",
    summary="Make an HLS stream with several sizes, for adaptive playback.",
    parameters=StreamingParameters,
    slots=VIDEO,
    output="hls/master.m3u8",
    suffixes=(".m3u8",),
    build=_build_hls,
    example={"heights": [720, 480]},
    writes="The playlist and the segments of each size, beside the master playlist.",
)
DASH = Preset(
    name="dash",
    summary="Make a DASH stream with several sizes, for adaptive playback.",
    parameters=StreamingParameters,
    slots=VIDEO,
    output="dash/manifest.mpd",
    suffixes=(".mpd",),
    build=_build_dash,
    example={"heights": [720, 480]},
    writes="The segments, beside the manifest.",
)
