"""The encoders that this worker knows by name: the one table for health checks, compositions and NVENC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Hardware = Literal["nvenc", "qsv", "vaapi", "amf", "videotoolbox"]
X264_PRESETS = tuple("ultrafast superfast veryfast faster fast medium slow slower veryslow".split())
"""The presets of libx264, which compositions use for every encoder."""


@dataclass(frozen=True, slots=True)
class CompositionSettings:
    """Settings of a video encoder for compositions.

    Attributes:
        crf: `-crf` for the qualities draft, low, medium and high.
        speeds: value of the speed option for each of `X264_PRESETS`.
        lossless: options for lossless output; `None` where the encoder has no such option.
        pixel_format: of opaque video.
        alpha_pixel_format: of transparent video; `None` where the encoder has no alpha channel.
        options: further options, always given.
        min_side: width and height in pixels below which the encoder crashes.
    """

    crf: tuple[int, int, int, int]
    speeds: tuple[str, ...] = X264_PRESETS
    lossless: tuple[str, ...] | None = None
    pixel_format: str = "yuv420p"
    alpha_pixel_format: str | None = None
    options: tuple[str, ...] = ()
    min_side: int = 0


@dataclass(frozen=True, slots=True)
class NvencMapping:
    """The NVENC encoder that replaces a software encoder, and what its settings become.

    Attributes:
        encoder: name of the NVENC encoder.
        default_crf: quality of the software encoder without `-crf`.
        max_crf: end of its quality scale, which NVENC shares.
        presets: NVENC preset for each value of the software encoder's speed option.
        default_preset: NVENC preset where no speed is given.
        profiles: profiles that both encoders have.
        pixel_formats: NVENC pixel format for each one that gives the same stream; others are not mapped.
        parameter_options: options with `key=value:…` parameters of the software encoder that are mapped by key.
    """

    encoder: str
    default_crf: float
    max_crf: float
    presets: Mapping[str, str]
    default_preset: str
    profiles: frozenset[str]
    pixel_formats: Mapping[str, str]
    parameter_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoder:
    """One encoder of FFmpeg.

    Attributes:
        name: FFmpeg's name, as in `-c:v`.
        codec: FFmpeg's name of the codec that it writes.
        kind: kind of its streams.
        hardware: the hardware interface that it needs; `None` for software.
        speed_option: its option, without dash, for speed against compression.
        composition: how compositions use it; `None` where they do not choose it by codec.
        nvenc: its replacement on an NVIDIA GPU, if there is one.
    """

    name: str
    codec: str
    kind: Literal["video", "audio"] = "video"
    hardware: Hardware | None = None
    speed_option: str = "preset"
    composition: CompositionSettings | None = None
    nvenc: NvencMapping | None = None


_X26X_TO_NVENC = dict(zip((*X264_PRESETS, "placebo"), "p1 p2 p3 p4 p5 p6 p7 p7 p7 p7".split(), strict=True))
_SVT_TO_NVENC = dict(zip(map(str, range(14)), "p7 p7 p7 p7 p7 p7 p6 p6 p5 p4 p3 p2 p1 p1".split(), strict=True))
_AOM_TO_NVENC = dict(zip(map(str, range(9)), "p7 p7 p7 p7 p6 p5 p4 p3 p2".split(), strict=True))
_EIGHT_BIT = {"yuv420p": "yuv420p", "nv12": "nv12"}
_TEN_BIT = {**_EIGHT_BIT, "yuv420p10le": "p010le", "p010le": "p010le"}

_SOFTWARE = (
    Encoder(
        "libx264",
        "h264",
        composition=CompositionSettings((30, 26, 21, 17), lossless=("-qp", "0")),
        nvenc=NvencMapping(
            encoder="h264_nvenc",
            default_crf=23,
            max_crf=51,
            presets=_X26X_TO_NVENC,
            default_preset="p6",
            profiles=frozenset({"baseline", "main", "high"}),
            # Only the newest GPUs encode H.264 in 10 bit.
            pixel_formats=_EIGHT_BIT,
            parameter_options=("x264-params", "x264opts", "x264-opts"),
        ),
    ),
    Encoder(
        "libx265",
        "hevc",
        composition=CompositionSettings((34, 29, 24, 20), options=("-tag:v", "hvc1")),
        nvenc=NvencMapping(
            encoder="hevc_nvenc",
            default_crf=28,
            max_crf=51,
            presets=_X26X_TO_NVENC,
            default_preset="p6",
            profiles=frozenset({"main", "main10"}),
            pixel_formats=_TEN_BIT,
            parameter_options=("x265-params",),
        ),
    ),
    Encoder(
        "libsvtav1",
        "av1",
        # Below 16 pixels a side libsvtav1 writes beyond its memory.
        composition=CompositionSettings(
            (48, 40, 32, 24), speeds=tuple("12 11 10 9 8 7 6 5 4".split()), min_side=16
        ),
        nvenc=NvencMapping(
            encoder="av1_nvenc",
            default_crf=35,
            max_crf=63,
            presets=_SVT_TO_NVENC,
            default_preset="p5",
            profiles=frozenset({"main"}),
            pixel_formats=_TEN_BIT,
            parameter_options=("svtav1-params",),
        ),
    ),
    Encoder(
        "libaom-av1",
        "av1",
        speed_option="cpu-used",
        nvenc=NvencMapping(
            encoder="av1_nvenc",
            default_crf=32,
            max_crf=63,
            presets=_AOM_TO_NVENC,
            default_preset="p7",
            profiles=frozenset({"main"}),
            pixel_formats=_TEN_BIT,
        ),
    ),
    Encoder(
        "libvpx-vp9",
        "vp9",
        speed_option="cpu-used",
        composition=CompositionSettings(
            (44, 38, 32, 24),
            speeds=tuple("5 5 5 4 3 2 1 1 0".split()),
            lossless=("-lossless", "1"),
            alpha_pixel_format="yuva420p",
            options=("-b:v", "0", "-row-mt", "1", "-deadline", "good"),
        ),
    ),
    Encoder("libvpx", "vp8", speed_option="cpu-used"),
    Encoder("mpeg4", "mpeg4"),
    Encoder("prores_ks", "prores"),
    Encoder("mjpeg", "mjpeg"),
    Encoder("png", "png"),
    Encoder("gif", "gif"),
    Encoder("libwebp", "webp"),
    Encoder("aac", "aac", "audio"),
    Encoder("libmp3lame", "mp3", "audio"),
    Encoder("libopus", "opus", "audio"),
    Encoder("libvorbis", "vorbis", "audio"),
    Encoder("flac", "flac", "audio"),
    Encoder("pcm_s16le", "pcm_s16le", "audio"),
)
_HARDWARE = tuple(
    Encoder(f"{codec}_{interface}", codec, hardware=interface)
    for interface in get_args(Hardware)
    for codec in ("h264", "hevc", "av1")
)

ENCODERS: Mapping[str, Encoder] = {encoder.name: encoder for encoder in (*_SOFTWARE, *_HARDWARE)}
"""By name: those in software first, then those of the hardware, in the order in which they are shown."""
