"""Presets that repair a picture: `stabilize`, `deinterlace` and `hdr_to_sdr`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from ffmpeg_worker.planning.presets.encodings import (
    VIDEO_SUFFIXES,
    container_options,
    kept_audio,
    video_options,
)
from ffmpeg_worker.planning.presets.numbers import plain
from ffmpeg_worker.planning.presets.parameter_types import Crf, crf_field
from ffmpeg_worker.planning.presets.parts import VIDEO, filter_video, make_even, map_kept, map_video
from ffmpeg_worker.planning.presets.preset import Preset, PresetChain, PresetParameters
from ffmpeg_worker.planning.presets.preset_input import PresetInput

_MOVES = "moves.trf"
_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")


class StabilizeParameters(PresetParameters):
    """Parameters of `stabilize`."""

    shakiness: int = Field(
        5, ge=1, le=10, description="How much the camera shakes: 1 a little, 10 very much.", examples=[7]
    )
    smoothing: int = Field(
        15, ge=1, le=100, description="Frames before and after each that smooth its movement.", examples=[30]
    )
    zoom: float = Field(
        0.0,
        ge=0,
        le=50,
        allow_inf_nan=False,
        description="Further enlargement in percent, which hides the edges.",
        examples=[3],
    )
    crf: Crf | None = crf_field()


class DeinterlaceParameters(PresetParameters):
    """Parameters of `deinterlace`."""

    rate: Literal["frames", "fields"] = Field(
        "frames",
        description="`frames` makes one frame of two fields; `fields` makes one of each, for smooth movement.",
        examples=["fields"],
    )
    order: Literal["auto", "top_first", "bottom_first"] = Field(
        "auto", description="Which field comes first. `auto`: as the file says.", examples=["top_first"]
    )
    crf: Crf | None = crf_field()


class HdrToSdrParameters(PresetParameters):
    """Parameters of `hdr_to_sdr`."""

    curve: Literal["hable", "mobius", "reinhard", "clip"] = Field(
        "hable", description="Curve that brings bright parts into range.", examples=["mobius"]
    )
    peak: float = Field(
        100.0,
        ge=50,
        le=1000,
        allow_inf_nan=False,
        description="Nits that become the white of the result; a higher value makes it darker.",
        examples=[200],
    )
    crf: Crf | None = crf_field()


def _build_stabilize(wanted: StabilizeParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    detect = f"vidstabdetect=shakiness={wanted.shakiness}:accuracy=15:result={_MOVES}"
    apply = f"vidstabtransform=input={_MOVES}:smoothing={wanted.smoothing}:zoom={plain(wanted.zoom)}:optzoom=1"
    measure = ("-i", source.placeholder, "-map", map_video(source), "-vf", detect, "-f", "null", "-")
    filters = [apply, "unsharp=5:5:0.5:3:3:0", *make_even(source)]
    encode = (
        *("-i", source.placeholder, *map_kept(source), "-vf", ",".join(filters)),
        *video_options(output, wanted.crf),
        *(kept_audio(output, source) if source.has_audio else ()),
        *container_options(output),
        output,
    )
    return PresetChain((measure, encode), (output,))


def _build_deinterlace(wanted: DeinterlaceParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    mode = "send_field" if wanted.rate == "fields" else "send_frame"
    parity = {"auto": "auto", "top_first": "tff", "bottom_first": "bff"}[wanted.order]
    return filter_video(inputs[0], [f"bwdif=mode={mode}:parity={parity}:deint=all"], output, crf=wanted.crf)


def _build_hdr_to_sdr(wanted: HdrToSdrParameters, inputs: Sequence[PresetInput], output: str) -> PresetChain:
    (source,) = inputs
    if not source.is_hdr:
        chain = filter_video(source, ["format=yuv420p"], output, crf=wanted.crf)
        warning = "The input is not HDR: its transfer function is neither PQ nor HLG. Its colors were kept."
        return replace(chain, warnings=(warning,))
    # Tone mapping works on linear light, in the primaries of the result.
    filters = [
        f"zscale=transfer=linear:npl={plain(wanted.peak)}",
        "format=gbrpf32le",
        "zscale=primaries=bt709",
        f"tonemap=tonemap={wanted.curve}:desat=0",
        "zscale=transfer=bt709:matrix=bt709:range=limited",
        "format=yuv420p",
    ]
    chain = filter_video(source, filters, output, crf=wanted.crf)
    command = (*chain.commands[0][:-1], *_BT709, output)
    return replace(chain, commands=(command,))


STABILIZE = Preset(
    name="stabilize",
    summary="Steady a shaky video.",
    parameters=StabilizeParameters,
    slots=VIDEO,
    output="stabilized.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_stabilize,
    example={"shakiness": 7, "smoothing": 30},
    filters=frozenset({"vidstabdetect", "vidstabtransform"}),
)
DEINTERLACE = Preset(
    name="deinterlace",
    summary="Make a progressive video of an interlaced one.",
    parameters=DeinterlaceParameters,
    slots=VIDEO,
    output="progressive.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_deinterlace,
    example={"rate": "fields"},
)
HDR_TO_SDR = Preset(
    name="hdr_to_sdr",
    summary="Bring an HDR video (HDR10 or HLG) to the colors of usual screens.",
    parameters=HdrToSdrParameters,
    slots=VIDEO,
    output="sdr.mp4",
    suffixes=VIDEO_SUFFIXES,
    build=_build_hdr_to_sdr,
    example={"curve": "hable"},
    filters=frozenset({"zscale", "tonemap"}),
)
