"""Collects the output of one ffmpeg while it runs: log, progress and standard output."""

from __future__ import annotations

from collections.abc import Callable

from ffmpeg_worker.command.invocation import redact
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail, strip_log_tags
from ffmpeg_worker.ffmpeg.output_report import OutputReport
from ffmpeg_worker.ffmpeg.progress import Progress, ProgressReader
from ffmpeg_worker.ffmpeg.recorder import Recorder
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.process.child import Output

MAX_STDOUT_BYTES = 64 << 20
MAX_RECORDED_BYTES = 512 << 20
"""Limit of the log and of standard output where filters measure: they may print many lines for every frame."""
STDOUT, STDERR, PROGRESS = 1, 2, 3

_PUBLIC_LOG_LINES = 30
_LOG_PAUSE_S = 0.05  # ffmpeg writes its log line by line, about forty lines for the smallest job


class CollectedOutput:
    """Output of one run so far."""

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None,
        recording: Recording | None,
        *,
        captures_stdout: bool = False,
        on_line: Callable[[str], None] | None = None,
        change_line: Callable[[str], str] | None = None,
    ) -> None:
        """Begin to collect.

        Args:
            on_progress: receives each report of progress.
            recording: what to record for the result.
            captures_stdout: whether to keep standard output as it is, unless it is recorded.
            on_line: receives each line of the log, with level tags.
            change_line: rewrites each line of the log before that.
        """
        self._captures_stdout = captures_stdout
        self._on_line = on_line
        self.recorder = None if recording is None else Recorder(recording)
        is_measuring = recording is not None and (recording.has_stdout or bool(recording.filters))
        self._limits = (
            {STDERR: MAX_RECORDED_BYTES, STDOUT: MAX_RECORDED_BYTES}
            if is_measuring
            else {STDERR: MAX_LOG_BYTES, STDOUT: MAX_STDOUT_BYTES}
        )
        self.report = OutputReport()
        self.log = LogTail(self._read_line, change_line)
        self.stdout = bytearray()
        self.last_progress: Progress | None = None
        self._on_progress = on_progress
        self._reports = ProgressReader()

    def outputs(self) -> dict[int, Output | int]:
        """Return the readers of the log, of progress and, if it is kept, of standard output."""
        outputs: dict[int, Output | int] = {
            STDERR: Output(self.log.feed, self._limits[STDERR], _LOG_PAUSE_S),
            PROGRESS: Output(self._feed_progress),
        }
        if self.recorder is not None and self.recorder.has_stdout:
            outputs[STDOUT] = Output(self.recorder.add_stdout, self._limits[STDOUT], _LOG_PAUSE_S)
        elif self._captures_stdout:
            outputs[STDOUT] = Output(self.stdout.extend, self._limits[STDOUT])
        return outputs

    def _read_line(self, line: str) -> None:
        self.report.feed(line)
        if self.recorder is not None:
            self.recorder.add_log_line(line)
        if self._on_line is not None:
            self._on_line(line)

    def _feed_progress(self, chunk: bytes) -> None:
        for report in self._reports.feed(chunk):
            self.last_progress = report
            if self._on_progress is not None:
                self._on_progress(report)

    def flood_error(self, number: int) -> EngineFailed:
        """The error of a run that was stopped because it wrote too much to this output."""
        name = "log" if number == STDERR else "standard output"
        return EngineFailed(
            f"ffmpeg was stopped: it wrote more than {self._limits[number] >> 20} MiB to its {name}.",
            code="output_flood",
            hint="Remove options that print something for every frame or packet, or write to a file.",
            stderr=last_lines(self.log),
        )


def last_lines(log: LogTail) -> str:
    """The last lines of a log, as callers may see them."""
    return redact(strip_log_tags(log.last(_PUBLIC_LOG_LINES)))
