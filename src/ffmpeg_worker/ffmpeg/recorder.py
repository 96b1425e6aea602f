"""Records a run for the result: what its filters measure, its log, and what filters print to standard output."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.ffmpeg.log_tail import MAX_LINE_CHARS, LogTail, strip_log_tags
from ffmpeg_worker.measurements.kept_text import KeptText
from ffmpeg_worker.measurements.log_reader import LogReader
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.measurements.table import AnyMeasurement

_PIECE_CHARS = 32 << 10


class Recorder:
    """Receives each line of the log and each chunk of standard output while ffmpeg runs."""

    def __init__(self, recording: Recording) -> None:
        self._reader = LogReader(recording.filters, recording.max_values)
        self._has_stdout = recording.has_stdout
        self._log = KeptText(recording.max_log_bytes // (2 if recording.has_stdout else 1))
        self._stdout = KeptText(recording.max_log_bytes // 2)
        self._lines = LogTail(self._add_stdout_line)
        self._has_cut_line = False

    @property
    def has_stdout(self) -> bool:
        """Whether standard output is to be read."""
        return self._has_stdout

    @property
    def is_log_cut(self) -> bool:
        """Whether the log or standard output is not kept as a whole."""
        return self._log.truncated or self._stdout.truncated or self._has_cut_line

    @property
    def has_left_out(self) -> bool:
        """Whether the measurements of a filter were left out."""
        return self._reader.truncated

    def add_log_line(self, line: str) -> None:
        """Add a line of the log, with level tags."""
        self._reader.read_line(line)
        self._log.add(self._mark(line))

    def add_stdout(self, chunk: bytes) -> None:
        """Add the next bytes of standard output."""
        self._lines.feed(chunk)

    def _add_stdout_line(self, line: str) -> None:
        self._reader.read_stdout_line(line)
        self._stdout.add(self._mark(line))

    def _mark(self, line: str) -> str:
        if len(line) < MAX_LINE_CHARS:
            return line
        self._has_cut_line = True
        return f"{line} …"

    def log(self) -> Iterator[str]:
        """The log in plain lines, as pieces that end between lines."""
        return (strip_log_tags(piece) for piece in _pieces(self._log))

    def stdout(self) -> Iterator[str]:
        """Standard output, likewise."""
        self._lines.end()
        return _pieces(self._stdout)

    def measurements(self, command: int) -> tuple[AnyMeasurement, ...]:
        """The measurements of all filters of the command with this index."""
        self._lines.end()
        return self._reader.results(command)


def _pieces(text: KeptText) -> Iterator[str]:
    piece: list[str] = []
    size = 0
    for line in text.lines():
        piece.append(line)
        size += len(line)
        if size >= _PIECE_CHARS:
            yield "\n".join(piece)
            piece, size = [], 0
    if piece:
        yield "\n".join(piece)
