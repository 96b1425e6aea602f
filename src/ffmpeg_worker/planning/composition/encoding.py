"""How frames become a file: the encoder of each kind of output, and what makes it good or quick."""

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
_LEAST_SIDE_MADE_UP = 32
_PRORES = {"draft": "proxy", "low": "lt", "medium": "standard", "high": "hq", "lossless": "hq"}
_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_TO_YUV = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bicubic"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A kind of output. `form` is how it wants its frames; the rest are arguments of ffmpeg.

    `segment` is the suffix of the parts that are joined without encoding again.
    """

    kind: Literal["video", "gif", "sequence", "picture"]
    form: Literal["yuv420p", "rgba"]
    segment: str
    filters: tuple[str, ...] = ()
    video: tuple[str, ...] = ()
    sound: tuple[str, ...] = ()
    can_split: bool = True


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
    """The encoding of an output.

    Args:
        name: of the output; its extension says the container.
        codec: how its pictures are coded.
        quality: sets the rate, where `crf`, the encoder's own measure, does not.
        preset: how long the encoder takes, in x264's words.
        is_transparent: whether the canvas' opacity is kept.
        threads: of the encoder.

    Raises:
        InvalidJob: the codec cannot be exact.
    """
    if codec == "gif":
        return Encoding("gif", "rgba", ".mkv", (), ("-c:v", "ffv1", "-level", "3", "-pix_fmt", "bgra"))
    if codec == "png":
        own = ("format=rgba",) if is_transparent else ("format=rgb24",)
        kind: Literal["sequence", "picture"] = "sequence" if _NUMBERED.search(name) else "picture"
        return Encoding(kind, "rgba", ".png", own, ("-c:v", "png"))
    suffix = PurePosixPath(name).suffix.lower()
    if codec == "prores":
        pixels, arguments = _prores(quality, threads, is_transparent=is_transparent)
        sound: tuple[str, ...] = ("-c:a", "pcm_s16le")
    else:
        encoder, settings = _BY_CODEC[codec]
        pixels = (is_transparent and settings.alpha_pixel_format) or settings.pixel_format
        arguments = _video(encoder, settings, quality, crf, preset, threads)
        sound = ("-c:a", "libopus", "-b:a", "160k") if suffix == ".webm" else ("-c:a", "aac", "-b:a", "192k")
    return Encoding(
        kind="video",
        form="rgba" if is_transparent else "yuv420p",
        segment=".webm" if suffix == ".webm" else ".mov" if codec == "prores" else ".mp4",
        filters=(_TO_YUV, f"format={pixels}", _BT709) if is_transparent else (_BT709, f"format={pixels}"),
        video=arguments,
        sound=sound,
        # Opacity travels beside the packets of WebM, which joining would lose.
        can_split=not (is_transparent and suffix == ".webm"),
    )


def with_interpolated_frames(encoding: Encoding, rate: Fraction, length: Fraction) -> Encoding:
    """The encoding, with frames made up between those that it is given so that there are `rate` a second.

    What makes them up keeps back the last two frames, or all where there are few: the last one is shown again,
    and what is made of that beyond `length` seconds is cut.
    """
    smooth = (
        "tpad=stop_mode=clone:stop=3",
        f"minterpolate=fps={rate}:mi_mode=mci:mc_mode=aobmc:vsbmc=1",
        f"trim=end_frame={math.ceil(length * rate)}",
    )
    return replace(encoding, filters=(*encoding.filters, *smooth))


def check_frame_size(codec: Codec, width: int, height: int, *, makes_up: bool) -> None:
    """Refuse frames on which an encoder crashes, or between which none can be made up (`makes_up`).

    Raises:
        InvalidJob: they are too small.
    """
    codec_min = _BY_CODEC[codec][1].min_side if codec in _BY_CODEC else 0
    for field, least in (("codec", codec_min), ("vfi", _LEAST_SIDE_MADE_UP if makes_up else 0)):
        if min(width, height) < least:
            raise InvalidJob(
                f'Frames of {width}x{height} are too small for this "{field}".',
                code="frame_size_unsupported",
                hint=f"It needs {least} pixels at least, each way.",
                where={"field": field},
            )


def _video(
    encoder: Encoder, settings: CompositionSettings, quality: Quality, crf: float | None, preset: str, threads: int
) -> tuple[str, ...]:
    threads_, is_lossless = _threads(encoder.name, threads), quality == "lossless" and crf is None
    rate: tuple[str, ...] = ("-crf", f"{crf:g}") if crf is not None else ()
    if is_lossless and encoder.name == "libx265":
        threads_ = (threads_[0], f"{threads_[1]}:lossless=1")
    elif is_lossless and settings.lossless is None:
        raise InvalidJob(
            f"{encoder.codec} cannot be lossless here.",
            code="lossless_not_possible",
            hint='Take "codec": "h264", "hevc" or "vp9", or "quality": "high".',
            where={"field": "quality"},
        )
    elif is_lossless:
        rate = settings.lossless or ()
    elif not rate and quality != "lossless":
        rate = ("-crf", str(settings.crf[("draft", "low", "medium", "high").index(quality)]))
    speed = (f"-{encoder.speed_option}", settings.speeds[X264_PRESETS.index(preset)])
    return ("-c:v", encoder.name, *speed, *rate, *settings.options, *threads_)


def _prores(quality: Quality, threads: int, *, is_transparent: bool) -> tuple[str, tuple[str, ...]]:
    profile = "4444" if is_transparent else _PRORES[quality]
    pixels = "yuva444p10le" if is_transparent else "yuv422p10le"
    return pixels, ("-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", "-threads", str(threads))


def _threads(encoder: str, count: int) -> tuple[str, ...]:
    match encoder:
        case "libx265":
            return ("-x265-params", f"pools={count}:frame-threads={min(count, 4)}:log-level=error")
        case "libsvtav1":
            return ("-svtav1-params", f"lp={min(count, 6)}")
        case _:
            return ("-threads", str(count))
