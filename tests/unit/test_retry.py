"""Retries: how many, after which pauses, and for which HTTP responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from ffmpeg_worker import retry as module
from ffmpeg_worker.retry import AttemptFailed, backoff, is_retryable, parse_retry_after, retry


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    return waited


def fail(*outcomes: Exception | str) -> Callable[[], Awaitable[str]]:
    """An attempt that has these outcomes, one after the other."""
    left = list(outcomes)

    async def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt


async def test_an_attempt_is_repeated_until_it_succeeds(pauses: list[float]) -> None:
    seen: list[tuple[Exception, float]] = []
    first, second = ValueError("first"), ValueError("second")
    attempt = fail(AttemptFailed(first), AttemptFailed(second, 7), "done")
    assert await retry(attempt, [1, 2, 3], lambda error, pause_s: seen.append((error, pause_s))) == "done"
    assert pauses == [1, 7]
    assert seen == [(first, 1), (second, 7)]


async def test_the_error_of_the_last_attempt_is_raised(pauses: list[float]) -> None:
    attempt = fail(AttemptFailed(ValueError("first")), AttemptFailed(ValueError("last")))
    with pytest.raises(ValueError, match="last"):
        await retry(attempt, [1])
    assert pauses == [1]


async def test_any_other_error_ends_the_attempts(pauses: list[float]) -> None:
    with pytest.raises(ValueError, match="hopeless"):
        await retry(fail(ValueError("hopeless"), "done"), [1])
    assert pauses == []


async def test_a_server_that_asks_for_no_pause_gets_one(pauses: list[float]) -> None:
    assert await retry(fail(AttemptFailed(ValueError(), 0), "done"), [1]) == "done"
    assert pauses == [1]


def test_the_pauses_double() -> None:
    for pause, middle in zip(backoff(4, 0.5), [0.5, 1, 2, 4], strict=True):
        assert middle * 0.5 <= pause <= middle * 1.5


@pytest.mark.parametrize(
    ("status", "expected"),
    [(408, True), (425, True), (429, True), (500, True), (503, True), (599, True), (200, False), (404, False)],
)
def test_retryable_statuses(status: int, expected: bool) -> None:
    assert is_retryable(status) is expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("2", 2), ("0", 0), ("99999999999", 30), ("-1", None), ("soon", None), ("٣", None)],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == seconds


def test_retry_after_a_date() -> None:
    now = datetime.now(UTC)
    assert parse_retry_after(format_datetime(now + timedelta(hours=1), usegmt=True)) == 30
    assert parse_retry_after(format_datetime(now - timedelta(hours=1), usegmt=True)) == 0
