"""Encoders and their settings for each kind of output."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Literal

from ffmpeg_worker.command.encoders import ENCODERS, X264_PRESETS, CompositionSettings, Encoder
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.canvas_output import Codec

Quality = Literal["draft", "low", "medium", "high", "lossless"]

_NUMBERED = re.compile(r"%\d*d")
_BY_CODEC = {one.codec: (one, one.composition) for one in ENCODERS.values() if one.composition is not None}
_MIN_INTERPOLATED_SIDE = 32
_PRORES = {"draft": "proxy", "low": "lt", "medium": "standard", "high": "hq", "lossless": "hq"}
_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_TO_YUV = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bicubic"


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of an output.

    Attributes:
        kind: kind of output.
        form: pixel format of the frames that it receives.
        segment: suffix of the ranges that are joined without encoding again.
        filters, video, sound: FFmpeg arguments.
        can_split: whether it may be encoded in ranges.
    """

    kind: Literal["video", "gif", "sequence", "image"]
    form: Literal["yuv420p", "rgba"]
    segment: str
    filters: tuple[str, ...] = ()
    video: tuple[str, ...] = ()
    sound: tuple[str, ...] = ()
    can_split: bool = True


_GIF = Encoding("gif", "rgba", ".mkv", video=("-c:v", "ffv1", "-level", "3", "-pix_fmt", "bgra"))
_OPUS = ("-c:a", "libopus", "-b:a", "160k")
_AAC = ("-c:a", "aac", "-b:a", "192k")


def choose_encoding(
    name: str,
    codec: Codec,
    *,
    quality: Quality = "medium",
    crf: float | None = None,
    preset: str = "veryfast",
    is_transparent: bool = False,
    threads: int = 1,
) -> Encoding:
    """Return the encoding of an output; the extension of its name determines the container.

    `quality` determines the rate unless `crf`, constant quality on the encoder's own scale, is given. `preset` is
    x264's name of the tradeoff between speed and size.

    Raises:
        InvalidJob: the codec has no lossless mode.
    """
    if codec == "gif":
        return _GIF
    if codec == "png":
        return _png(name, is_transparent=is_transparent)
    suffix = PurePosixPath(name).suffix.lower()
    if codec == "prores":
        pixels, arguments = _prores(quality, threads, is_transparent=is_transparent)
        sound: tuple[str, ...] = ("-c:a", "pcm_s16le")
    else:
        encoder, settings = _BY_CODEC[codec]
        pixels = (is_transparent and settings.alpha_pixel_format) or settings.pixel_format
        arguments = _video(encoder, settings, quality, crf, preset, threads)
        sound = _OPUS if suffix == ".webm" else _AAC
    return Encoding(
        kind="video",
        form="rgba" if is_transparent else "yuv420p",
        segment=".webm" if suffix == ".webm" else ".mov" if codec == "prores" else ".mp4",
        filters=(_TO_YUV, f"format={pixels}", _BT709) if is_transparent else (_BT709, f"format={pixels}"),
        video=arguments,
        sound=sound,
        # WebM stores alpha as side data of packets, which joining would drop.
        can_split=not (is_transparent and suffix == ".webm"),
    )


def _png(name: str, *, is_transparent: bool) -> Encoding:
    own = ("format=rgba",) if is_transparent else ("format=rgb24",)
    kind: Literal["sequence", "image"] = "sequence" if _NUMBERED.search(name) else "image"
    return Encoding(kind, "rgba", ".png", own, ("-c:v", "png"))


def with_interpolated_frames(encoding: Encoding, rate: Fraction, length: Fraction) -> Encoding:
    """Return the encoding with frames interpolated to `rate` frames per second.

    `minterpolate` drops the last two frames, or all if there are few: the last frame is repeated, and what exceeds
    `length` seconds is cut.
    """
    smooth = (
        "tpad=stop_mode=clone:stop=3",
        f"minterpolate=fps={rate}:mi_mode=mci:mc_mode=aobmc:vsbmc=1",
        f"trim=end_frame={math.ceil(length * rate)}",
    )
    return replace(encoding, filters=(*encoding.filters, *smooth))


def check_frame_size(codec: Codec, width: int, height: int, *, is_interpolated: bool) -> None:
    """Refuse frames that are too small for the encoder, or for interpolation.

    Raises:
        InvalidJob: they are too small.
    """
    codec_min = _BY_CODEC[codec][1].min_side if codec in _BY_CODEC else 0
    for field, min_side in (("codec", codec_min), ("vfi", _MIN_INTERPOLATED_SIDE if is_interpolated else 0)):
        if min(width, height) < min_side:
            raise InvalidJob(
                f'Frames of {width}x{height} are too small for this "{field}".',
                code="frame_size_unsupported",
                hint=f"Width and height must be at least {min_side} pixels.",
                where={"field": field},
            )


def _video(
    encoder: Encoder, settings: CompositionSettings, quality: Quality, crf: float | None, preset: str, threads: int
) -> tuple[str, ...]:
    rate: tuple[str, ...] = ()
    name, value = _threads(encoder.name, threads)
    if crf is not None:
        rate = ("-crf", f"{crf:g}")
    elif quality != "lossless":
        rate = ("-crf", str(settings.crf[("draft", "low", "medium", "high").index(quality)]))
    elif encoder.name == "libx265":
        value += ":lossless=1"
    elif settings.lossless is not None:
        rate = settings.lossless
    else:
        raise InvalidJob(
            f"{encoder.codec} cannot be lossless here.",
            code="lossless_not_possible",
            hint='Use "codec": "h264", "hevc" or "vp9", or "quality": "high".',
            where={"field": "quality"},
        )
    speed = (f"-{encoder.speed_option}", settings.speeds[X264_PRESETS.index(preset)])
    return ("-c:v", encoder.name, *speed, *rate, *settings.options, name, value)


def _prores(quality: Quality, threads: int, *, is_transparent: bool) -> tuple[str, tuple[str, ...]]:
    profile = "4444" if is_transparent else _PRORES[quality]
    pixels = "yuva444p10le" if is_transparent else "yuv422p10le"
    return pixels, ("-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", "-threads", str(threads))


def _threads(encoder: str, count: int) -> tuple[str, str]:
    match encoder:
        case "libx265":
            return ("-x265-params", f"pools={count}:frame-threads={min(count, 4)}:log-level=error")
        case "libsvtav1":
            return ("-svtav1-params", f"lp={min(count, 6)}")
        case _:
            return ("-threads", str(count))
