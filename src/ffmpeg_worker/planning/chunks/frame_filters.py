"""Filters that work on each frame alone, so that a chunk gets the frames that the whole would have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ffmpeg_worker.command.filter_graph import Filter, UnreadableGraphError, read_filter_graph
from ffmpeg_worker.planning.chunks.not_split import NotSplit

# Chunks keep the timestamps of the source, so these may depend on the time of a frame, but not on frames before or
# after it, on its number, or on chance.
_FRAME_FILTERS = frozenset(
    "ass avgblur boxblur cas chromashift colorbalance colorchannelmixer colorcontrast colorcorrect colorize "
    "colorlevels colormatrix colorspace colortemperature copy crop curves delogo drawbox drawgrid drawtext eq "
    "exposure fillborders format gblur greyedge hflip hue lenscorrection limiter lut lut1d lut3d lutrgb lutyuv "
    "monochrome negate noformat null pad pixelize rgbashift rotate scale sepia setdar setparams setrange setsar "
    "shear smartblur subtitles swapuv tonemap transpose unsharp vflip vibrance zscale".split()
)
# Values that are texts or file names; those of all other options may be expressions.
_TEXTS = frozenset(
    "text textfile fontfile font fontcolor bordercolor boxcolor shadowcolor filename f file force_style charenc "
    "fontsdir original_size color c psfile".split()
)
_COUNTING = re.compile(r"\b(?:n|n_forced|pos|random|randomi|ld|st|prev_\w+|selected_n)\b")
_COUNTING_TEXT_OPTIONS = frozenset("timecode tc24hmax timecode_rate reload basetime start_number".split())


def check_filters(graph: str) -> Iterator[str]:
    """Yield the rates that `fps` filters of a graph ask for.

    Raises:
        NotSplit: a filter may depend on other frames.
    """
    try:
        filters = list(read_filter_graph(graph))
    except UnreadableGraphError:
        raise NotSplit("its filter graph cannot be read") from None
    if "[" in graph or ";" in graph:
        raise NotSplit("its filter graph has more than one chain, or labels")
    for each in filters:
        if each.name == "fps":
            yield _read_rate_of(each)
        else:
            _check(each)


def _read_rate_of(fps: Filter) -> str:
    if len(fps.options) != 1 or fps.options[0][0] not in {None, "fps"}:
        raise NotSplit('the filter "fps" is only split with nothing but a frame rate')
    return fps.options[0][1]


def _check(each: Filter) -> None:
    name = each.name[:64]
    if each.name not in _FRAME_FILTERS:
        raise NotSplit(f'the filter "{name}" is not known to work on each frame alone')
    for key, value in each.options:
        if key not in _TEXTS and _COUNTING.search(value):
            raise NotSplit(f'an expression of the filter "{name}" may depend on the number of the frame')
    options = dict(each.options)
    if each.name == "drawtext" and (
        _COUNTING_TEXT_OPTIONS & options.keys()
        or ("%{" in options.get("text", "") and options.get("expansion") != "none")
        or None in options
    ):
        raise NotSplit('the text of the filter "drawtext" changes from frame to frame')
