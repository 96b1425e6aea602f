"""HTTP statuses of sources and targets as the worker's errors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.retry import AttemptFailed
from ffmpeg_worker.storage.http.errors import source_status_error, target_status_error


def answer(status: int, **headers: str) -> Any:
    return SimpleNamespace(status=status, headers=headers)


@pytest.mark.parametrize(
    ("status", "source", "target"),
    [
        (401, "source_forbidden", "target_forbidden"),
        (403, "source_forbidden", "target_forbidden"),
        (404, "source_not_found", "target_not_found"),
        (410, "source_not_found", "target_not_found"),
        (302, "source_bad_answer", "target_error"),
        (400, "source_bad_answer", "target_error"),
    ],
)
def test_statuses_that_are_not_retried(status: int, source: str, target: str) -> None:
    for error, code in (
        (source_status_error("a.mp4", answer(status)), source),
        (target_status_error("a.mp4", answer(status)), target),
    ):
        assert isinstance(error, WorkerError)
        assert (error.code, error.retryable) == (code, False)
        assert '"a.mp4"' in error.message


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_retryable_statuses_honor_retry_after(status: int) -> None:
    for make in (source_status_error, target_status_error):
        failed = make("a.mp4", answer(status, **{"Retry-After": "7"}))
        assert isinstance(failed, AttemptFailed)
        assert failed.wait_s == 7
        assert isinstance(failed.error, WorkerError)
        assert failed.error.retryable
        assert str(status) in failed.error.message
