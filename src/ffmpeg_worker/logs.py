"""Structured logging: one JSON object per line, with the id of the current job."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

job_id_var: ContextVar[str | None] = ContextVar("job_id", default=None)
"""Id of the job that the current task works for; added to every line."""

redact_var: ContextVar[Callable[[str], str] | None] = ContextVar("redact", default=None)
"""Removes the secrets of the current task's job from a text; applied to every line."""

log_fields_var: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default={})  # noqa: B039 - not changed
"""More fields of the current task's lines, such as the trace that it belongs to."""

REDACTED = "REDACTED"
_ROOT = "ffmpeg_worker"


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: time (UTC), level, event, job_id, then the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        job_id = job_id_var.get()
        if job_id is not None:
            line["job_id"] = job_id
        line |= log_fields_var.get()
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        redact = redact_var.get()
        if redact is not None:
            line = {key: redact(value) if isinstance(value, str) else value for key, value in line.items()}
        return json.dumps(line, ensure_ascii=False, default=str)


def log(level: int, event: str, /, *, exc_info: bool = False, **fields: Any) -> None:
    """Log an event with fields, e.g. `log(logging.INFO, "job finished", seconds=1.2)`."""
    logging.getLogger(_ROOT).log(level, event, extra={"fields": fields}, exc_info=exc_info)


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Write the log lines of this package to `stream` only (default: stderr)."""
    logger = logging.getLogger(_ROOT)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
