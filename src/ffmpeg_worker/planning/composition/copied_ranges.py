"""Chooses the frames of a scene that are copied from sources, and the packets that they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.bitstreams.h264 import read_sequence
from ffmpeg_worker.bitstreams.nal_units import PictureKind
from ffmpeg_worker.bitstreams.stream_parameters import StreamParameters, read_stream_parameters
from ffmpeg_worker.planning.composition.copyable_clips import ClipSpan
from ffmpeg_worker.planning.stream_copy.choose_copied import choose_copied
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied, SourcePart
from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.scene import Scene

_MIN_COPIED_S = 1.0
"""Fewer frames are not worth the encoders before and after them."""
_MAX_ROUNDING_S = 0.001
_MAX_ROUNDING_FRAMES = 0.4
_PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""x264's names of the profiles that a player of the source certainly plays."""


@dataclass(frozen=True, slots=True)
class CopiedRange:
    """Frames of a scene that are packets of a source.

    Attributes:
        first, last: frames of the scene; `last` is exclusive.
        file: the staged file.
        packets: their timestamps in units of the stream, in the order in which they are decoded.
    """

    first: int
    last: int
    file: str
    packets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copies:
    """All copied ranges of a scene in order, and options for the encoder of the frames between them."""

    ranges: tuple[CopiedRange, ...]
    encoder_options: tuple[str, ...]


def find_source_parts(scene: Scene, spans: Sequence[ClipSpan]) -> dict[str, SourcePart]:
    """Return the part of each source that the spans show, in seconds of the file."""
    parts: dict[str, SourcePart] = {}
    rate = Fraction(*scene.fps)
    for span in spans:
        content = _content(scene, span)
        shown = (float((frame - scene.elements[span.element].first) / rate) for frame in (span.first, span.last))
        begin, end = (content.begin_s + time for time in shown)
        known = parts.get(content.file, SourcePart(begin, end))
        parts[content.file] = SourcePart(min(known.begin_s, begin), max(known.end_s, end))
    return parts


def choose_copies(scene: Scene, spans: Sequence[ClipSpan], coded: Mapping[str, CodedFrames]) -> Copies:
    """Choose the copied ranges of a scene; `coded` are the frames of its sources.

    Raises:
        NotCopied: there are none.
    """
    reasons: list[str] = []
    sources: dict[str, _Source] = {}
    for file, frames in coded.items():
        try:
            sources[file] = _Source(frames)
        except NotCopied as reason:
            reasons.append(str(reason))
    found = [copied for span in spans for copied in _copy(scene, span, sources)]
    if not found:
        raise NotCopied(reasons[0] if reasons else "no key frame is followed by a second of frames to copy")
    files, parameters = _choose_files(found, sources)
    return Copies(tuple(one for one in found if one.file in files), _match_encoder(parameters))


def _match_encoder(parameters: StreamParameters) -> tuple[str, ...]:
    """Options for frames between copied ones.

    The parameter sets of H.264 get a number that no copied one has; those of HEVC get it when they are joined.

    Raises:
        NotCopied: all numbers are used.
    """
    if parameters.codec == "hevc":
        return ("-profile:v", "main")
    try:
        (free,) = parameters.find_free_ids(1)
    except ValueError:
        raise NotCopied("the sources have too many parameter sets") from None
    profile = max(read_sequence(unit).profile for unit in parameters.h264_sequences)
    return ("-profile:v", _PROFILES[profile], "-x264-params", f"sps-id={free}")


class _Source:
    """The frames of a source and their packets."""

    def __init__(self, coded: CodedFrames) -> None:
        """Read the parameters of a source. Raises: NotCopied."""
        if coded.problem:
            raise NotCopied(coded.problem)
        self.coded = coded
        self.parameters = _read_parameters(coded)
        pairs = zip(coded.pts, coded.kinds, strict=True)
        self.times = sorted(pts for pts, kind in pairs if kind is not PictureKind.HIDDEN)
        tick = float(coded.time_base)
        # As in the renderer's decoder, so that the frame at a time is the same.
        self.tolerance_s = min(tick / 2, 0.001) + 1e-6
        self._times_s = [time * tick - float(coded.start_s) for time in self.times]

    def frame_at(self, time_s: float) -> int | None:
        """The number of the frame that is shown at a time; `None` before the first one that is known."""
        number = bisect_right(self._times_s, time_s + self.tolerance_s) - 1
        return number if number >= 0 else None

    def is_steady(self, first: int, count: int, rate: Fraction) -> bool:
        """Whether the frames of a range follow each other at a rate, apart from rounding."""
        times, tick = self.times[first : first + count], float(self.coded.time_base)
        most = min(max(tick, _MAX_ROUNDING_S) * 1.01, _MAX_ROUNDING_FRAMES / float(rate))
        return all(abs((time - times[0]) * tick - number / rate) <= most for number, time in enumerate(times))


def _read_parameters(coded: CodedFrames) -> StreamParameters:
    """Read the parameter sets of a stream that is progressive, 8-bit 4:2:0, and of a common profile.

    Raises:
        NotCopied: it is not.
    """
    try:
        sets = read_stream_parameters(coded.codec, coded.extradata)
        if coded.codec == "hevc":
            _check_hevc(coded)
            return sets
        sequences = [read_sequence(unit) for unit in sets.h264_sequences]
    except ValueError as error:
        raise NotCopied(f"the parameter sets of a source cannot be read: {error}") from None
    if any(one.profile not in _PROFILES or not one.is_progressive for one in sequences):
        raise NotCopied("a source is interlaced, or not of Baseline, Main or High profile")
    if any((one.chroma, one.depth) != (1, 8) for one in sequences):
        raise NotCopied("a source is not 8-bit 4:2:0")
    return sets


def _check_hevc(coded: CodedFrames) -> None:
    """Raises: NotCopied."""
    if coded.field_order > 1:
        raise NotCopied("a source is interlaced")
    if (coded.profile, coded.pix_fmt) != ("Main", "yuv420p"):
        raise NotCopied("a source is not 8-bit 4:2:0 of Main profile")


def _copy(scene: Scene, span: ClipSpan, sources: Mapping[str, _Source]) -> Iterator[CopiedRange]:
    file = _content(scene, span).file
    source = sources.get(file)
    if source is None:
        return
    rate = Fraction(*scene.fps)
    for first, last, frame in _find_runs(scene, span, source):
        times = source.times[frame : frame + last - first + 1]
        end = times[last - first] if len(times) > last - first else None
        try:
            copied = choose_copied(source.coded, times[0], end).copied
        except NotCopied:
            continue
        begin = bisect_left(source.times, copied[0])
        if len(copied) < _MIN_COPIED_S * rate or not source.is_steady(begin, len(copied), rate):
            continue
        shown = first + begin - frame
        yield CopiedRange(shown, shown + len(copied), file, copied)


def _find_runs(scene: Scene, span: ClipSpan, source: _Source) -> Iterator[tuple[int, int, int]]:
    """Yield ranges of frames that show consecutive frames of the source, and the first of those."""
    content, element = _content(scene, span), scene.elements[span.element]
    rate = Fraction(*scene.fps)
    longest_s = max(content.end_s - content.begin_s - source.tolerance_s * 2, 0.0)
    begin, before = span.first, None
    for number in range(span.first, span.last):
        time_s = float((number - element.first) / rate)
        frame = source.frame_at(content.begin_s + min(time_s, longest_s))
        if before is not None and (frame is None or frame != before + 1):
            yield begin, number, before - (number - 1 - begin)
            begin = number
        before = frame
        if before is None:
            begin = number + 1
    if before is not None:
        yield begin, span.last, before - (span.last - 1 - begin)


def _choose_files(
    found: Sequence[CopiedRange], sources: Mapping[str, _Source]
) -> tuple[set[str], StreamParameters]:
    """Return the sources whose parameter sets fit into one stream: first those with most copied frames."""
    counts: dict[str, int] = {}
    for copied in found:
        counts[copied.file] = counts.get(copied.file, 0) + copied.last - copied.first
    first, *others = sorted(counts, key=lambda file: -counts[file])
    files, parameters = {first}, sources[first].parameters
    for file in others:
        if not parameters.conflicts_with(sources[file].parameters):
            files.add(file)
            parameters = parameters.joined_with(sources[file].parameters)
    return files, parameters


def _content(scene: Scene, span: ClipSpan) -> VideoContent:
    content = scene.elements[span.element].content
    if not isinstance(content, VideoContent):
        raise TypeError("a span shows a video")
    return content
