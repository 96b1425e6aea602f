"""Collects from the log of a run what it says about outputs, and whether an input is damaged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream

_LINE = re.compile(r"((?:\[[^\]]*+\] )*?)\[(info|warning|error|fatal|panic)\] ?(.*)")
_FILE = re.compile(r"(Input|Output) #(\d{1,3}), ")
_LENGTH = re.compile(r"  Duration: (\d{2,6}):(\d\d):(\d\d\.\d\d), ")
_STREAM = re.compile(r"  Stream #(\d{1,3}):(\d{1,3})(?:\[0x[0-9a-f]+\])?(?:\([^()]*\))?: (\w+)")
_MAPPING = re.compile(r"  Stream #(\d{1,3}):(\d{1,3}) -> #(\d{1,3}):(\d{1,3}) \((copy\))?")
_GRAPH_END = re.compile(r"  \S+ -> Stream #(\d{1,3}):(\d{1,3})\b")
_OUTPUT = re.compile(r"\[out#(\d{1,3})[/\] ]")
_OUTPUT_STREAM = re.compile(r"\[(?:[vas]f|[vasd]ost)#(\d{1,3}):(\d{1,3})[/\] ]|->#(\d{1,3}):(\d{1,3}) @ ")
_SIZES = re.compile(r"video:(\d+)[Kk]i?B audio:(\d+)[Kk]i?B subtitle:(\d+)[Kk]i?B ")
_KINDS = ("video", "audio", "subtitle")
_MAX_STREAMS = 10_000

# Of an input, its demuxer or a decoder. FFmpeg 5 names only the demuxer: "[mov,mp4,m4a,3gp,3g2,mj2 @ …]".
_OF_INPUT = re.compile(r"\[(?:in#|[vas]ist#|dec:|\w+,[\w,]+ @ )")
_UNDECODED = "Error while decoding stream #"  # FFmpeg 5
_OF_FILTER = re.compile(r"\[Parsed_")

_NO_FRAMES = "No filtered frames for output stream"
# Without the advice to check -ss for copies, and for a first pass, whose packets go into its log.
_EMPTY = re.compile(r"Output file is empty, nothing was encoded ?(\(check -ss)?")
_NOTHING_WRITTEN = "Nothing was written into output file, because at least one of its streams received no packets"
_NEVER_OPENED = "Could not open encoder before EOF"
_NOT_OPENED = "Error while opening encoder"
_FILTERS_FAILED = "Error reinitializing filters"
_FILTER_FAILED = "Error while filtering"
_WITHOUT_PACKETS = (_NOTHING_WRITTEN, "Error writing trailer")

_Number = tuple[int, int]


@dataclass
class OutputReport:
    """Reads the lines of a log, with the level tags of `-loglevel level+info`, and keeps what matters.

    `damage` is the first error that an input or its decoder logged.
    """

    damage: str | None = None
    _block: str = ""
    _lengths: dict[int, float] = field(default_factory=dict)
    _input: int = -1
    _kinds: dict[str, dict[_Number, str]] = field(default_factory=lambda: {"Input": {}, "Output": {}})
    _mapped: dict[_Number, WrittenStream] = field(default_factory=dict)
    _sizes: dict[int | None, tuple[str, ...]] = field(default_factory=dict)
    _empty: dict[int | None, bool] = field(default_factory=dict)
    _unwritten: set[int] = field(default_factory=set)
    _without_frames: set[_Number] = field(default_factory=set)
    _never_opened: set[_Number] = field(default_factory=set)
    _has_other_failure: bool = False

    def feed(self, line: str) -> None:
        """Read one line."""
        found = _LINE.match(line)
        if found is None:
            return
        contexts, level, text = found.groups()
        if level == "info":
            self._read_info(contexts, text)
        elif level == "warning":
            self._read_warning(contexts, text)
        else:
            self._read_error(contexts, text)

    @property
    def outputs(self) -> tuple[WrittenOutput, ...]:
        """The outputs in order, as far as the log describes them."""
        streams = self._streams()
        count = max((number[0] for number in streams), default=-1) + 1
        return tuple(self._output(index, streams, count) for index in range(count))

    @property
    def input_lengths(self) -> tuple[float | None, ...]:
        """Seconds of each input, to hundredths; `None` where the log does not say."""
        return tuple(self._lengths.get(index) for index in range(self._input + 1))

    @property
    def nothing_selected(self) -> bool:
        """Whether a failed run failed because no frame or packet reached an output, and for no other reason."""
        return not (self.damage or self._has_other_failure) and any(output.is_empty for output in self.outputs)

    def _read_info(self, contexts: str, text: str) -> None:
        if not contexts:
            self._read_description(text)
        if sizes := _SIZES.match(text):
            kinds = zip(_KINDS, sizes.groups(), strict=True)
            self._sizes[_output_of(contexts)] = tuple(kind for kind, kib in kinds if int(kib) == 0)

    def _read_description(self, text: str) -> None:
        if len(self._mapped) + sum(map(len, self._kinds.values())) >= _MAX_STREAMS:
            return
        if match := _FILE.match(text):
            self._block = match[1]
            self._input = max(self._input, int(match[2])) if match[1] == "Input" else self._input
        elif self._block == "Input" and (match := _LENGTH.match(text)):
            self._lengths[self._input] = 3600.0 * int(match[1]) + 60.0 * int(match[2]) + float(match[3])
        elif text == "Stream mapping:":
            self._block = "Mapping"
        elif self._block in self._kinds and (match := _STREAM.match(text)):
            self._kinds[self._block][int(match[1]), int(match[2])] = match[3].lower()
        elif self._block == "Mapping" and (match := _MAPPING.match(text)):
            source, target = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
            self._mapped[target] = WrittenStream(source=source, is_copy=match[5] is not None)
        elif self._block == "Mapping" and (match := _GRAPH_END.match(text)):
            self._mapped[int(match[1]), int(match[2])] = WrittenStream()

    def _read_warning(self, contexts: str, text: str) -> None:
        if text.startswith(_NO_FRAMES):
            self._without_frames |= _stream_of(contexts)
        else:
            self._read_emptiness(contexts, text)

    def _read_emptiness(self, contexts: str, text: str) -> bool:
        empty = _EMPTY.match(text)
        if empty:
            self._empty[_output_of(contexts)] = empty[1] is not None
        return empty is not None

    def _read_error(self, contexts: str, text: str) -> None:
        if self._read_emptiness(contexts, text):  # with -abort_on empty_output
            return
        if _OF_INPUT.search(contexts) or text.startswith(_UNDECODED):
            self.damage = self.damage or text
        elif text.startswith(_NOTHING_WRITTEN):
            self._unwritten |= {index for index in [_output_of(contexts)] if index is not None}
        elif text.startswith(_NEVER_OPENED):
            self._never_opened |= _stream_of(contexts)
        elif text.startswith(_NOT_OPENED):
            # An encoder that got frames refused them; one without frames was opened with guessed values.
            self._has_other_failure |= not _stream_of(contexts) <= self._without_frames
        elif _OF_FILTER.search(contexts) or text.startswith((_FILTERS_FAILED, _FILTER_FAILED)):
            self._has_other_failure = True
        else:
            is_of_output = _OUTPUT.search(contexts) is not None
            self._has_other_failure |= is_of_output and not text.startswith(_WITHOUT_PACKETS)

    def _streams(self) -> dict[_Number, WrittenStream]:
        """Every stream of every output, from the mapping or else from the description of the output."""
        numbers = {*self._mapped, *self._kinds["Output"]}
        return {number: self._stream(number) for number in sorted(numbers)}

    def _stream(self, number: _Number) -> WrittenStream:
        mapped = self._mapped.get(number, WrittenStream())
        kind = self._kinds["Output"].get(number)
        if kind is None and mapped.source is not None:
            kind = self._kinds["Input"].get(mapped.source)
        is_without_frames = number in self._without_frames
        return WrittenStream(kind, mapped.source, mapped.is_copy, is_without_frames)

    def _output(self, index: int, streams: dict[_Number, WrittenStream], count: int) -> WrittenOutput:
        numbers = [number for number in streams if number[0] == index]
        own = tuple(streams[number] for number in numbers)
        # FFmpeg 5 writes one summary for all outputs.
        tiny = self._sizes.get(index, self._sizes.get(None, ()) if count == 1 else ())
        is_unwritten = index in self._unwritten and any(
            number in self._without_frames | self._never_opened for number in numbers
        )
        is_advised = self._empty.get(index, self._empty.get(None))
        is_without_packets = is_advised or (is_advised is False and all(stream.is_copy for stream in own))
        # An encoder may write a packet even if it got no frame.
        is_without_frames = bool(own) and all(stream.has_no_frames for stream in own)
        return WrittenOutput(own, tiny, is_unwritten or is_without_packets or is_without_frames)


def _output_of(contexts: str) -> int | None:
    match = _OUTPUT.search(contexts)
    return int(match[1]) if match else None


def _stream_of(contexts: str) -> set[_Number]:
    match = _OUTPUT_STREAM.search(contexts)
    return {(int(match[1] or match[3]), int(match[2] or match[4]))} if match else set()
