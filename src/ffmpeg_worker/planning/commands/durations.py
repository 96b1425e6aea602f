"""Durations of outputs: an estimate for progress, and a minimum that verification enforces."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine, FileGroup
from ffmpeg_worker.job.media import MediaInfo, StreamInfo

_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1.0}
_PLAIN = re.compile(r"(-?)(\d{1,18}(?:\.\d*)?|\.\d+)(s|ms|us|)")
_CLOCK = re.compile(r"(-?)(?:(\d{1,18}):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")
_FILTER_NAME = re.compile(r"(?:^|[,;\]])\s*+([a-z0-9_]++)(?:@[^=,;\[]*+)?\s*+(?=[=,;\[]|$)")
_QUOTED = re.compile(r"'[^']*+'|\\.")
_LAVFI_DURATION = re.compile(r"(?:^|[:=])d(?:uration)?=([\d.:]+)")

# With one of these options an output may have any length, so none is promised.
_UNBOUND_OPTIONS = frozenset(
    "shortest frames vframes aframes dframes fs stream_loop loop itsscale itsoffset fps_mode vsync copyts "
    "start_at_zero filter_complex lavfi filter_complex_script filter_script re readrate r framerate pattern_type "
    "apad update segment_time timelimit sseof enc_time_base bsf write_xing".split()
)
# Filters that do not change durations. Others may cut, loop, speed up or join.
_STEADY_FILTERS = frozenset(
    "scale format pad crop hflip vflip transpose rotate setsar setdar setparams drawtext drawbox drawgrid "
    "subtitles ass eq hue lut lut3d lutyuv lutrgb curves colorspace zscale tonemap unsharp gblur boxblur yadif "
    "bwdif hqdn3d nlmeans deband fps null vignette colorbalance colorchannelmixer negate noise fade deshake "
    "volume loudnorm dynaudnorm aresample aformat pan anull afade highpass lowpass equalizer bass treble "
    "acompressor alimiter agate afftdn anlmdn channelmap channelsplit asetnsamples psnr ssim blackdetect "
    "cropdetect volumedetect ebur128 astats silencedetect showinfo metadata signalstats".split()
)
_FILTER_OPTIONS = ("vf", "af", "filter")
# Formats whose stated length is unreliable: the files of a list may change, and the length of an mp3 without a
# Xing header is estimated from its bit rate.
_UNRELIABLE_FORMATS = frozenset({"image2pipe", "concat", "mp3"})


def read_time(text: str | None) -> float | None:
    """Seconds of an ffmpeg time such as `90`, `1.5`, `200ms`, `01:02:03.5`; `None` for other texts."""
    match = _PLAIN.fullmatch(text or "")
    if match:
        return float(f"{match.group(1)}{match.group(2)}") * _UNITS[match.group(3)]
    match = _CLOCK.fullmatch(text or "")
    if match:
        sign, hours, minutes, seconds = match.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        return -total if sign else total
    return None


def estimate_duration(command: CommandLine, media: Sequence[MediaInfo | None]) -> float | None:
    """Estimated seconds of the longest output, for progress only.

    `media` are facts of its inputs, in order; `None` where there are none.
    """
    known = []
    for group, info in zip(command.inputs, media, strict=True):
        length = _cut(group, info.duration_s if info is not None else _lavfi_duration(group))
        if length is not None:
            known.append(length)
    longest = max(known, default=None)
    if any(output.has("shortest") for output in command.outputs):
        longest = min(known, default=None)
    cuts = [cut for output in command.outputs if (cut := _cut(output, longest)) is not None]
    return max(cuts, default=None)


def promise_durations(command: CommandLine, media: Sequence[MediaInfo | None]) -> list[float | None]:
    """The least seconds that each output must have, or `None` if the command allows any length.

    A lower bound over all inputs: what a truncated source or a failing encoder falls short of.
    """
    nothing: list[float | None] = [None] * len(command.outputs)
    if not command.inputs or any(option.name in _UNBOUND_OPTIONS for option in command.options()):
        return nothing
    if not all(_is_steady(option.value) for option in command.options() if option.name in _FILTER_OPTIONS):
        return nothing
    bounds = []
    for group, info in zip(command.inputs, media, strict=True):
        bound = _cut(group, _shortest_stream(info)) if info is not None else None
        if bound is None:
            return nothing
        bounds.append(bound)
    seeks = any(group.has("ss") for group in command.groups)
    return [_promise(output, min(bounds), seeks=seeks) for output in command.outputs]


def _promise(output: FileGroup, bound: float, *, seeks: bool) -> float | None:
    if seeks and output.value_of("c", "codec", "vcodec", "c:v") == "copy":
        return None  # a copy starts at a key frame, anywhere before the time asked for
    promised = _cut(output, bound)
    return promised if promised is not None and promised > 0 else None


def _shortest_stream(info: MediaInfo) -> float | None:
    """The length of the shortest video or audio stream of a file."""
    if not info.has_duration or info.format in _UNRELIABLE_FORMATS:
        return None
    streams: list[StreamInfo] = [s for s in info.streams if s.kind in {"video", "audio"} and not s.is_cover]
    lengths = [stream.duration_s for stream in streams]
    known = [length for length in lengths if length is not None]
    if known and len(known) == len(lengths):
        return min(known)
    return info.duration_s if len(streams) == 1 else None


def _cut(group: FileGroup, full: float | None) -> float | None:
    """Apply `-ss`, `-t` and `-to` of a group to a length."""
    start = read_time(group.value_of("ss")) or 0.0
    limit, end = read_time(group.value_of("t")), read_time(group.value_of("to"))
    if limit is None and end is not None:
        limit = end - start
    if full is None:
        return limit
    rest = max(full - max(start, 0.0), 0.0)
    return rest if limit is None else min(rest, limit)


def _lavfi_duration(group: FileGroup) -> float | None:
    if group.value_of("f") != "lavfi":
        return None
    match = _LAVFI_DURATION.search(group.url)
    return read_time(match.group(1)) if match else None


def _is_steady(graph: str | None) -> bool:
    # Quoted and escaped text never contains the name of a filter.
    unquoted = _QUOTED.sub("", graph or "")
    return _STEADY_FILTERS.issuperset(_FILTER_NAME.findall(unquoted))
