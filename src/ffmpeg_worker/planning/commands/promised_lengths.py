"""The least length of outputs, where a command leaves no doubt about it.

A lower bound for what FFmpeg writes if it reads every mapped stream to its end. Options and filters that cannot
change it are listed; with any other one nothing is promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.commands.durations import read_time
from ffmpeg_worker.planning.commands.steady_filters import find_slack, read_rate

# Formats that state the length of each stream. In others timestamps may jump (recorded or joined streams), or the
# length is an estimate.
_STEADY_FORMATS = frozenset("mov matroska avi wav w64 aiff caf au flac mxf".split())
_END_FORMAT = "matroska"
"""Its lengths are times of the end: a stream may start at any time before it."""
_TIMED_FORMATS = frozenset({"mov", "matroska"})
"""Formats of outputs that keep the start times of streams."""

_FILTER_OPTIONS = frozenset({"vf", "af", "filter"})
_PROGRAM_OPTIONS = frozenset(
    "y n hide_banner loglevel v stats nostats stdin nostdin stats_period progress threads".split()
)
_INPUT_OPTIONS = _PROGRAM_OPTIONS | frozenset(
    "ss t to f c codec vcodec acodec hwaccel hwaccel_device hwaccel_output_format thread_queue_size autorotate "
    "noautorotate vn an sn dn".split()
)
_OUTPUT_OPTIONS = (
    _PROGRAM_OPTIONS
    | _FILTER_OPTIONS
    | frozenset(
        "f ss t to r map map_metadata map_chapters metadata disposition tag vtag atag vn an sn dn c codec vcodec "
        "acodec scodec b ab vb crf cq qp q qscale aq global_quality maxrate minrate bufsize g keyint_min bf refs "
        "preset tune profile level rc rc-lookahead aq-mode aq-strength trellis qmin qmax qdiff qcomp sc_threshold "
        "force_key_frames pass passlogfile pix_fmt s aspect ar ac sample_fmt channel_layout ch_layout "
        "x264-params x264opts x265-params svtav1-params aom-params cpu-used deadline quality row-mt tile-columns "
        "tile-rows lag-in-frames auto-alt-ref vbr compression_level application frame_duration cutoff movflags "
        "brand color_primaries color_trc colorspace color_range field_order flags flags2 sws_flags strict coder "
        "max_muxing_queue_size hls_time hls_list_size hls_playlist_type hls_segment_filename hls_segment_type "
        "hls_flags hls_fmp4_init_filename start_number id3v2_version write_id3v1 filter_threads bitexact".split()
    )
)
_HLS_FLAGS = frozenset("independent_segments temp_file iframes_only program_date_time round_durations".split())

_MAX_SHORT_S = 0.3
_MAX_SHORT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Promise:
    """The least length of an output, in seconds.

    Attributes:
        length_s: from its first frame to its end; `None` where it is not known.
        end_s: from time 0 to its end, for formats that keep start times.
        slack_s: what may be missing for good reasons: the rest of a frame.
    """

    length_s: float | None
    end_s: float | None = None
    slack_s: float = 0.0

    def find_missing(self, found: MediaInfo) -> float | None:
        """Seconds that an output lacks; `None` if it is long enough or cannot be compared."""
        if found.duration_s is None or not found.has_duration:
            return None
        is_timed = found.format in _TIMED_FORMATS and self.end_s is not None
        promised = self.end_s if is_timed else self.length_s
        if promised is None:
            return None
        start_s = (found.start_s or 0.0) if is_timed and found.format != _END_FORMAT else 0.0
        missing = promised - found.duration_s - start_s
        return missing if missing > self.slack_s + max(_MAX_SHORT_S, promised * _MAX_SHORT_SHARE) else None


def is_surely_long_enough(found: MediaInfo, at_most_s: float) -> bool:
    """Whether `find_missing` returns `None` for an output whatever was promised, up to `at_most_s`."""
    if found.duration_s is None or not found.has_duration:
        return True
    return at_most_s - found.duration_s - min(found.start_s or 0.0, 0.0) <= _MAX_SHORT_S


InputFacts = MediaInfo | Promise | None
"""Facts of a file, or what an earlier command promised of it."""


def promise_lengths(
    command: CommandLine, inputs: Sequence[InputFacts], written: Sequence[WrittenOutput]
) -> list[Promise | None]:
    """The least length of each output, or `None` where any length may be right.

    `inputs` are facts of the inputs, in order; `written` tells from which streams FFmpeg has made each output.
    Cover art does not count.
    """
    is_plain = all(_is_plain_input(group) for group in command.inputs)
    if not is_plain or len(written) != len(command.outputs):
        return [None] * len(command.outputs)
    return [
        _promise(command, output, inputs, facts) for output, facts in zip(command.outputs, written, strict=True)
    ]


def _is_plain_input(group: FileGroup) -> bool:
    return all(option.name in _INPUT_OPTIONS for option in group.options)


def _promise(
    command: CommandLine, output: FileGroup, inputs: Sequence[InputFacts], written: WrittenOutput
) -> Promise | None:
    slack = _slack_of(output)
    mapped = [
        stream for stream in written.streams if stream.kind in {"video", "audio"} and not is_cover(stream, inputs)
    ]
    if slack is None or not mapped:
        return None
    seeks = any(group.has("ss") for group in (*command.inputs, output))
    promises = [_promise_stream(stream, command.inputs, inputs) for stream in mapped]
    known = [promise for promise in promises if promise is not None]
    # A copy starts at a key frame, anywhere before the time asked for.
    if len(known) < len(promises) or (seeks and any(stream.is_copy for stream in mapped)):
        return None
    lengths, ends = [each.length_s for each in known], [each.end_s for each in known]
    kept = [_cut(output, length, 0.0) for length in lengths if length is not None]
    promise = Promise(
        min(kept) if len(kept) == len(known) else None,
        min(_cut(output, end, 0.0) for end in ends if end is not None),
        slack + max(each.slack_s for each in known),
    )
    return promise if promise.end_s else None


def _slack_of(output: FileGroup) -> float | None:
    """Seconds by which filters and the frame rate may shorten an output; `None` if nothing can be promised."""
    slacks = [*_find_slacks(output.options)]
    known = [slack for slack in slacks if slack is not None]
    return sum(known) if len(known) == len(slacks) else None


def _find_slacks(options: Sequence[Option]) -> Iterator[float | None]:
    for option in options:
        value = option.value or ""
        if option.name in _FILTER_OPTIONS:
            yield find_slack(value)
        elif option.name == "r":
            rate = read_rate(value)
            yield float(1 / rate) if rate else None
        elif option.name == "hls_flags":
            yield 0.0 if _HLS_FLAGS.issuperset(value.lstrip("+").split("+")) else None
        elif option.name not in _OUTPUT_OPTIONS:
            yield None


def is_cover(stream: WrittenStream, inputs: Sequence[InputFacts]) -> bool:
    """Whether an output stream was made from cover art."""
    source = _source_of(stream, inputs)
    return source is not None and source.is_cover


def _source_of(stream: WrittenStream, inputs: Sequence[InputFacts]) -> StreamInfo | None:
    if stream.source is None or stream.source[0] >= len(inputs):
        return None
    number, index = stream.source
    info = inputs[number]
    return info.streams[index] if isinstance(info, MediaInfo) and index < len(info.streams) else None


def _promise_stream(
    stream: WrittenStream, groups: Sequence[FileGroup], inputs: Sequence[InputFacts]
) -> Promise | None:
    """The part of one input stream after `-ss`, `-t` and `-to` of its input."""
    if stream.source is None or stream.source[0] >= len(inputs):
        return None
    info, group = inputs[stream.source[0]], groups[stream.source[0]]
    if isinstance(info, Promise):
        left = None if info.length_s is None else _cut(group, info.length_s, 0.0)
        return None if left is None else Promise(left, left, info.slack_s)
    source = _source_of(stream, inputs)
    if info is None or source is None or source.duration_s is None or not _is_steady(info, group):
        return None
    file_start = info.start_s or 0.0
    slack = float(2 / source.fps) if source.fps and source.kind == "video" else 0.0
    if info.format == _END_FORMAT:
        end = _within(info, source.duration_s - file_start)
        return Promise(None, _cut(group, end, 0.0), slack)
    start = 0.0 if source.start_s is None else source.start_s - file_start
    end = _within(info, start + source.duration_s)
    return Promise(_cut(group, end, start), _cut(group, end, 0.0), slack)


def _is_steady(info: MediaInfo, group: FileGroup) -> bool:
    forced = group.value_of("f")
    if info.format not in _STEADY_FORMATS or (forced and forced not in info.format_name.split(",")):
        return False
    # A fragmented file has no table of its frames; each fragment may be at any time.
    return info.format != "mov" or all(_has_table(stream) for stream in info.streams)


def _has_table(stream: StreamInfo) -> bool:
    return stream.kind not in {"video", "audio"} or stream.is_cover or bool(stream.frames)


def _within(info: MediaInfo, end: float) -> float:
    return end if info.duration_s is None else min(end, info.duration_s)


def _cut(group: FileGroup, end: float, start: float) -> float:
    """Seconds of a stream from `start` to `end` that `-ss`, `-t` and `-to` of a group leave."""
    seek = max(read_time(group.value_of("ss")) or 0.0, 0.0)
    limit, to = read_time(group.value_of("t")), read_time(group.value_of("to"))
    if limit is None and to is not None:
        limit = to - seek
    end, start = end - seek, max(start - seek, 0.0)
    return max((end if limit is None else min(end, limit)) - start, 0.0)
