"""The times of a cut, as `-ss`, `-t` and `-to` before and after `-i` give them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.planning.commands.durations import read_time
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied

CUT_OPTIONS = frozenset({"ss", "t", "to"})
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class CutTimes:
    """Seconds from the start of the file.

    Attributes:
        input_start, input_length: of the part that is read.
        start, length: of the part of it that is written. FFmpeg counts a length from the first frame that it
            keeps, not from the time asked for; `None` is the rest.
    """

    input_start: Fraction = Fraction(0)
    input_length: Fraction | None = None
    start: Fraction = Fraction(0)
    length: Fraction | None = None

    @property
    def latest_end(self) -> Fraction | None:
        """A time after the last frame, up to the frame that is shown at `start`."""
        ends = [
            begin + length
            for begin, length in ((self.input_start, self.input_length), (self.start, self.length))
            if length is not None
        ]
        return min(ends, default=None)

    def select(self, times: Iterable[int], time_base: Fraction, start: Fraction) -> tuple[int, int | None]:
        """The time of the first frame, and that at which frames are left out, in units of `time_base`.

        `times` are those of all frames in order; `start` is the time at which the file starts, in seconds.

        Raises:
            NotCopied: there is no frame.
        """
        times = list(times)
        firsts, ends = [], []
        for begin, length in ((self.input_start, self.input_length), (self.start, self.length)):
            earliest = round((begin + start) / time_base)
            first = next((time for time in times if time >= earliest), None)
            if first is None:
                raise NotCopied("no frame is within the part")
            firsts.append(first)
            if length is not None:
                ends.append(first + round(length / time_base))
        return max(firsts), min(ends, default=None)


def read_cut_times(source: FileGroup, output: FileGroup) -> CutTimes | None:
    """Read the times of a command; `None` if it cuts nothing.

    Raises:
        NotCopied: a time cannot be read, or is negative.
    """
    if not source.has(*CUT_OPTIONS) and not output.has(*CUT_OPTIONS):
        return None
    input_start, input_length = _read_part(source)
    output_start, output_length = _read_part(output)
    return CutTimes(input_start, input_length, input_start + output_start, output_length)


def _read_part(group: FileGroup) -> tuple[Fraction, Fraction | None]:
    start, length, end = (_read(group, name) for name in ("ss", "t", "to"))
    if length is None and end is not None:
        length = end - (start or 0)
        if length <= 0:
            raise NotCopied('"-to" is not after "-ss"')
    return start or Fraction(0), length


def _read(group: FileGroup, name: str) -> Fraction | None:
    text = group.value_of(name)
    if text is None:
        return None
    seconds = read_time(text)
    if seconds is None or seconds < 0:
        raise NotCopied(f'the time of "-{name} {text[:64]}" cannot be used')
    return Fraction(round(seconds * _MICROSECONDS), _MICROSECONDS)
