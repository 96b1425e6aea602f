"""How frames become a file: the encoder of each kind of output, and what makes it good or quick."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args

from ffmpeg_worker.errors import InvalidJob

Quality = Literal["draft", "low", "medium", "high", "lossless"]

_NUMBERED = re.compile(r"%\d*d")


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder: constant-quality values and speeds by `Quality`; `alpha` is its pixel format with opacity."""

    encoder: str
    crf: Mapping[str, int]
    speed_option: str
    speeds: Mapping[str, str]
    pixels: str = "yuv420p"
    alpha: str | None = None
    options: tuple[str, ...] = ()


def _numbers(*values: int) -> dict[str, int]:
    return dict(zip(get_args(Quality), values, strict=True))


def _words(text: str) -> dict[str, str]:
    return dict(zip(get_args(Quality), text.split(), strict=True))


CODECS: Mapping[str, Codec] = {
    "h264": Codec("libx264", _numbers(32, 27, 22, 17, 0), "-preset", _words("ultrafast veryfast fast slow fast")),
    "hevc": Codec(
        "libx265",
        _numbers(36, 30, 25, 20, 0),
        "-preset",
        _words("ultrafast veryfast fast slow fast"),
        options=("-tag:v", "hvc1"),
    ),
    "av1": Codec("libsvtav1", _numbers(50, 40, 32, 24, 1), "-preset", _words("12 10 8 5 8")),
    "vp9": Codec(
        "libvpx-vp9",
        _numbers(45, 38, 32, 24, 0),
        "-cpu-used",
        _words("8 6 4 2 4"),
        alpha="yuva420p",
        options=("-b:v", "0", "-row-mt", "1", "-deadline", "good"),
    ),
    "prores": Codec(
        "prores_ks",
        _numbers(0, 0, 0, 0, 0),
        "-profile:v",
        _words("proxy lt standard hq hq"),
        pixels="yuv422p10le",
        alpha="yuva444p10le",
        options=("-vendor", "apl0"),
    ),
}
_CONTAINERS: Mapping[str, tuple[str, ...]] = {
    ".mp4": ("h264", "hevc", "av1"),
    ".m4v": ("h264", "hevc"),
    ".mov": ("h264", "hevc", "prores"),
    ".mkv": ("h264", "hevc", "av1", "vp9", "prores"),
    ".webm": ("vp9", "av1"),
}
"""What each container takes, its own choice first."""
_PICTURES = (".gif", ".png")
_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_TO_YUV = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bicubic"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A kind of output. `form` is how it wants its frames; `video` and `sound` are arguments of ffmpeg.

    `suffix` is that of the output, `segment` that of the parts which are joined without encoding again.
    """

    kind: Literal["video", "gif", "sequence"]
    form: Literal["yuv420p", "rgba"]
    suffix: str
    segment: str
    filters: tuple[str, ...]
    video: tuple[str, ...]
    sound: tuple[str, ...]
    can_split: bool = True


def choose_encoding(
    name: str,
    *,
    codec: str | None = None,
    quality: Quality = "medium",
    crf: float | None = None,
    speed: str | None = None,
    is_transparent: bool = False,
    threads: int = 1,
) -> Encoding:
    """The encoding of an output by its name.

    Args:
        name: of the output; its extension says the container.
        codec: one of `CODECS`; default the container's own choice.
        quality: sets rate and speed of the encoder.
        crf: sets the rate by the encoder's own measure.
        speed: the encoder's own word for it (`veryfast`, `6`).
        is_transparent: whether the canvas' opacity is kept.
        threads: of each encoder.

    Raises:
        InvalidJob: the container takes no such codec, or no opacity.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _PICTURES:
        return _pictures(name, suffix, is_transparent=is_transparent)
    chosen = _choose_codec(suffix, codec, is_transparent=is_transparent)
    made = CODECS[chosen]
    pixels = made.alpha if is_transparent and made.alpha else made.pixels
    form: Literal["yuv420p", "rgba"] = "rgba" if is_transparent else "yuv420p"
    filters = (_TO_YUV, f"format={pixels}", _BT709) if is_transparent else (_BT709, f"format={pixels}")
    rate = () if chosen == "prores" else ("-crf", f"{made.crf[quality] if crf is None else crf:g}")
    profile = "4444" if chosen == "prores" and is_transparent else made.speeds[quality]
    chosen_speed = speed if speed is not None and chosen != "prores" else profile
    return Encoding(
        kind="video",
        form=form,
        suffix=suffix,
        segment=".webm" if suffix == ".webm" else ".mov" if chosen == "prores" else ".mp4",
        filters=filters,
        video=(
            *("-c:v", made.encoder, made.speed_option, chosen_speed, *rate),
            *made.options,
            *_threads(made.encoder, threads),
        ),
        sound=_sound(suffix, chosen),
        # Opacity travels beside the packets of WebM, which joining by copying loses.
        can_split=not (is_transparent and suffix == ".webm"),
    )


def _pictures(name: str, suffix: str, *, is_transparent: bool) -> Encoding:
    if suffix == ".gif":
        lossless = ("-c:v", "ffv1", "-level", "3", "-pix_fmt", "bgra")
        return Encoding("gif", "rgba", suffix, ".mkv", (), lossless, ())
    if not _NUMBERED.search(name):
        raise InvalidJob(
            f'"{name[:128]}" names one picture, and a composition has many.',
            code="output_not_numbered",
            hint='Name a sequence such as "frame-%04d.png", a video, or use /canvas/preview for one frame.',
            where={"output": name[:128]},
        )
    pixels = "rgba" if is_transparent else "rgb24"
    return Encoding("sequence", "rgba", suffix, ".png", (f"format={pixels}",), ("-c:v", "png"), ())


def _choose_codec(suffix: str, codec: str | None, *, is_transparent: bool) -> str:
    if suffix not in _CONTAINERS:
        known = ", ".join((*_CONTAINERS, *_PICTURES))
        raise InvalidJob(
            f'A composition cannot be written as "{suffix}".',
            code="output_format_unknown",
            hint=f"Known are {known}.",
            where={"field": "output"},
        )
    takes = _CONTAINERS[suffix]
    if codec is not None and codec not in takes:
        raise InvalidJob(
            f'"{suffix}" does not take the codec "{codec[:32]}" here.',
            code="codec_not_in_container",
            hint=f"It takes {', '.join(takes)}.",
            where={"field": "codec"},
        )
    if not is_transparent:
        return codec or takes[0]
    chosen = codec or next((one for one in takes if CODECS[one].alpha), takes[0])
    if CODECS[chosen].alpha is None:
        raise InvalidJob(
            f'"{suffix}" with {chosen} keeps no transparency.',
            code="transparency_not_possible",
            hint="Write .webm (VP9), .mov (ProRes 4444), .gif or a sequence of .png.",
            where={"field": "transparent"},
        )
    return chosen


def _threads(encoder: str, count: int) -> tuple[str, ...]:
    match encoder:
        case "libx265":
            return ("-x265-params", f"pools={count}:frame-threads={min(count, 4)}:log-level=error")
        case "libsvtav1":
            return ("-svtav1-params", f"lp={min(count, 6)}")
        case _:
            return ("-threads", str(count))


def _sound(suffix: str, codec: str) -> tuple[str, ...]:
    if suffix == ".webm":
        return ("-c:a", "libopus", "-b:a", "160k")
    if codec == "prores":
        return ("-c:a", "pcm_s16le")
    return ("-c:a", "aac", "-b:a", "192k")
