"""Stores the log of one attempt while its commands run, in bounded space."""

from __future__ import annotations

from ffmpeg_worker.budgets import KEPT_JOB_LOG_BYTES
from ffmpeg_worker.job.command_log import JobLog, LogChunk
from ffmpeg_worker.job_queue.report_writer import ReportWriter


class AttemptLog:
    """Stores the first half of what fits as it comes, and the newest of the rest at the end."""

    def __init__(
        self, reports: ReportWriter, job_id: str, attempt: int, max_bytes: int = KEPT_JOB_LOG_BYTES
    ) -> None:
        self._reports = reports
        self._job_id = job_id
        self._attempt = attempt
        self._left = max_bytes // 2
        self._rest = JobLog(max_bytes // 2)
        self._last: LogChunk | None = None

    def add(self, chunk: LogChunk) -> None:
        """Take a chunk; a `LogSink`."""
        size = len(chunk.text)
        if self._last is None and size <= self._left:
            self._left -= size
            self._store(chunk.lane, chunk.command, chunk.text)
        else:
            self._rest.add(chunk)
            self._last = chunk

    def close(self) -> None:
        """Store what is kept of the rest."""
        if self._last is not None:
            self._store(self._last.lane, self._last.command, self._rest.text())
            self._last = None

    def _store(self, lane: int, command: int, text: str) -> None:
        self._reports.report_log(
            {"job_id": self._job_id, "attempt": self._attempt, "lane": lane, "command": command, "text": text}
        )
