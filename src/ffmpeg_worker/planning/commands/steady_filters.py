"""Filters that keep the length of their input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from ffmpeg_worker.command.filter_graph import Filter, UnreadableGraphError, read_filter_graph

# Filters that do not change durations. Others may cut, loop, speed up or join.
_STEADY = frozenset(
    "scale format pad crop hflip vflip transpose rotate setsar setdar setparams drawtext drawbox drawgrid "
    "subtitles ass eq hue lut lut3d lutyuv lutrgb curves colorspace zscale tonemap unsharp gblur boxblur yadif "
    "bwdif hqdn3d nlmeans deband null vignette colorbalance colorchannelmixer negate noise fade deshake "
    "volume loudnorm dynaudnorm aformat pan anull afade highpass lowpass equalizer bass treble "
    "acompressor alimiter agate afftdn anlmdn channelmap channelsplit asetnsamples psnr ssim blackdetect "
    "cropdetect volumedetect ebur128 astats silencedetect showinfo signalstats".split()
)
_FRACTION = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?:/\d{1,9})?")


def read_rate(text: str) -> Fraction | None:
    """Frames per second of `25`, `29.97` or `30000/1001`; `None` for other texts, names and expressions."""
    if not _FRACTION.fullmatch(text):
        return None
    number, _, divisor = text.partition("/")
    try:
        return Fraction(number) / Fraction(divisor or 1) or None
    except ZeroDivisionError:
        return None


def find_slack(graph: str) -> float | None:
    """Seconds by which a graph may shorten its input at most; `None` if it may change the length in any way."""
    try:
        slacks = [_slack_of(each) for each in read_filter_graph(graph)]
    except UnreadableGraphError:
        return None
    known = [slack for slack in slacks if slack is not None]
    return sum(known) if len(known) == len(slacks) else None


def _slack_of(each: Filter) -> float | None:
    options = dict(each.options)
    match each.name:
        case "fps":
            # Frames are moved to a grid: of the last interval there may be none.
            rate = read_rate(options.get("fps", options.get(None, "")))
            return float(1 / rate) if rate and not options.keys() - {"fps", None} else None
        case "metadata" | "ametadata":
            return None if options.get("mode", options.get(None)) == "select" else 0.0
        case "aresample":
            # It adds and drops samples to follow timestamps only if it is told to.
            return 0.0 if not options.keys() - {None, "osr", "resampler", "ocl", "osf"} else None
        case _:
            return 0.0 if each.name in _STEADY else None


def find_choosing_filter(graph: str) -> str | None:
    """The first filter of a graph that may pass no frame at all."""
    return next((each.name for each in _read(graph) if each.name in _CHOOSING), None)


def _read(graph: str) -> Iterator[Filter]:
    try:
        yield from read_filter_graph(graph)
    except UnreadableGraphError:
        return


_CHOOSING = frozenset(
    "select aselect fps framerate trim atrim thumbnail framestep decimate mpdecimate metadata ametadata tile "
    "tinterlace freezeframes segment asegment silenceremove loop aloop minterpolate random shuffleframes".split()
)
