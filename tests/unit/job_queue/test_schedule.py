"""When webhooks are tried again."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.job_queue.webhooks.schedule import MAX_RETRY_AFTER_S, PAUSES_S, next_pause


def pause(attempts: int, event: str = "job.failed", **facts: Any) -> float | None:
    given = {"shape": "standard", "status": 500, "retry_after_s": None, **facts}
    return next_pause(event, attempts=attempts, **given)


def test_the_end_is_tried_for_about_a_day() -> None:
    assert 20 * 3600 < sum(PAUSES_S) < 30 * 3600
    for attempts, expected in enumerate(PAUSES_S, 1):
        found = pause(attempts)
        assert found is not None
        assert 0.9 * expected <= found <= 1.2 * expected
    assert pause(len(PAUSES_S) + 1) is None


def test_deliveries_that_failed_together_are_spread() -> None:
    assert len({pause(5) for _ in range(20)}) > 10


@pytest.mark.parametrize("status", [None, 301, 400, 404, 429, 500, 503])
def test_every_other_status_is_tried_again(status: int | None) -> None:
    assert pause(1, status=status) is not None


def test_gone_is_final() -> None:
    assert pause(1, status=410) is None


def test_a_receiver_may_ask_for_more_time_but_not_for_less() -> None:
    assert pause(1, retry_after_s=MAX_RETRY_AFTER_S) == MAX_RETRY_AFTER_S
    later = pause(6, retry_after_s=1)
    assert later is not None
    assert later > 3000


def test_runpod_is_tried_three_times_and_progress_twice() -> None:
    assert [pause(count, shape="runpod") for count in (1, 2, 3)] == [10, 10, None]
    assert pause(2, event="job.progress") is None
