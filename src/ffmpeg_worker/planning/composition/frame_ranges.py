"""How a scene is cut into ranges that are drawn side by side, and how what they make becomes one file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.composition.encoding import Encoding
from ffmpeg_worker.planning.plan import FfmpegStep

LEAST_SECONDS = 2.0
"""A range this short is not cut: starting one more renderer and encoder would cost what it saves."""


def cut(first: int, last: int, fps: Fraction, most: int) -> tuple[tuple[int, int], ...]:
    """Frames `first` to `last` (not included) in at most so many ranges of nearly one length."""
    frames = last - first
    count = max(1, min(most, int(frames / float(fps) / LEAST_SECONDS)))
    edges = [first + frames * number // count for number in range(count + 1)]
    return tuple(itertools.pairwise(edges))


def encode_range(encoding: Encoding, size: tuple[int, int], fps: Fraction, output: Sequence[str]) -> Invocation:
    """The ffmpeg that encodes raw frames from its standard input; `output` are its last arguments."""
    width, height = size
    return Invocation(
        (
            *("-f", "rawvideo", "-pixel_format", encoding.form, "-video_size", f"{width}x{height}"),
            *("-framerate", str(fps), "-i", "pipe:0"),
            *(("-vf", ",".join(encoding.filters)) if encoding.filters else ()),
            *encoding.video,
            *("-fps_mode", "passthrough", *output),
        )
    )


def join(parts: Sequence[tuple[str, Fraction]], sound: str | None, output: str, list_name: str) -> FfmpegStep:
    """Put ranges (file and seconds) one behind the other, and the sound beside them, without encoding again."""
    pictures, texts = _as_one(parts, list_name)
    arguments = (
        *pictures,
        *(("-i", f"file:{sound}") if sound else ()),
        *("-map", "0:v:0", *(("-map", "1:a:0") if sound else ())),
        *("-c", "copy"),
        *finish(output),
        f"file:{output}",
    )
    return FfmpegStep(Invocation(arguments), expected_s=_length(parts), texts=texts, is_auxiliary=True)


def reduce_palette(
    parts: Sequence[tuple[str, Fraction]], output: str, stem: str, *, loops: bool
) -> tuple[FfmpegStep, FfmpegStep]:
    """A GIF from lossless ranges: first the colors that all frames together need, then the pictures in these.

    `stem` begins the names of the files in between.
    """
    pictures, texts = _as_one(parts, f"{stem}.ffconcat")
    palette = f"{stem}-colours.png"
    find = (*pictures, "-vf", "palettegen=stats_mode=diff", "-frames:v", "1", f"file:{palette}")
    use = (
        *(*pictures, "-i", f"file:{palette}"),
        *("-lavfi", "paletteuse=dither=sierra2_4a:diff_mode=rectangle:alpha_threshold=128"),
        *("-loop", "0" if loops else "-1", f"file:{output}"),
    )
    return (
        FfmpegStep(Invocation(find), expected_s=_length(parts), texts=texts, is_auxiliary=True),
        FfmpegStep(Invocation(use), expected_s=_length(parts), is_auxiliary=True),
    )


def finish(output: str) -> tuple[str, ...]:
    """Options of a finished file: players may start before they have all of it."""
    return ("-movflags", "+faststart") if output.lower().endswith((".mp4", ".m4v", ".mov")) else ()


def _as_one(parts: Sequence[tuple[str, Fraction]], list_name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """An input that is all ranges, and the list that it needs.

    Seconds are told, since a file whose frames depend on later ones looks longer than it is.
    """
    if len(parts) == 1:
        return ("-i", f"file:{parts[0][0]}"), {}
    lines = ["ffconcat version 1.0"]
    for name, seconds in parts:
        lines += [f"file '{name}'", f"duration {float(seconds):.6f}"]
    return ("-f", "concat", "-i", f"file:{list_name}"), {list_name: "\n".join(lines) + "\n"}


def _length(parts: Sequence[tuple[str, Fraction]]) -> float:
    return float(sum((seconds for _, seconds in parts), Fraction(0)))
