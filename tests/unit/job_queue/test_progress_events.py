"""How often the progress of a job is told."""

from __future__ import annotations

import itertools
from typing import Any

from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def report(percent: float, job_id: str = "a") -> dict[str, tuple[str, dict[str, Any]]]:
    return {job_id: (f"token of {job_id}", {"stage": "running", "percent": percent})}


def test_progress_is_told_every_five_seconds_or_ten_percent() -> None:
    clock, stored = Clock(), list[float]()
    events = ProgressEvents(lambda: stored.append(clock.now), clock)
    told = []
    for step in range(1000):  # 100 s at 10 Hz: first 1 % in a second, from 50 s on 2 percent
        clock.now = 100 + step / 10
        percent = step / 10 if step < 500 else 50 + (step - 500) / 5
        chosen = events.choose(report(min(percent, 100)))
        if chosen:
            assert chosen == {"a": "token of a"}
            events.note(report(min(percent, 100)), {"a": True})
            told.append(clock.now)
    pauses = [after - before for before, after in itertools.pairwise(told)]
    assert {round(pause, 1) for pause in pauses} == {5.0}
    assert stored == told


def test_a_fast_job_is_told_at_most_once_a_second() -> None:
    clock = Clock()
    events = ProgressEvents(lambda: None, clock)
    told = 0
    for step in range(30):
        clock.now += 0.1
        if events.choose(report(step * 3.4)):
            events.note(report(step * 3.4), {"a": True})
            told += 1
    assert told == 3


def test_jobs_that_tell_nothing_are_asked_for_once() -> None:
    clock = Clock()
    events = ProgressEvents(lambda: None, clock)
    events.note(report(0), {"a": False})
    clock.now += 1000
    assert events.choose(report(50)) == {}
    events.forget("a")
    assert events.choose(report(50)) == {"a": "token of a"}


def test_progress_that_could_not_be_stored_is_told_later() -> None:
    events = ProgressEvents(lambda: None, Clock())
    assert events.choose(report(1)) == events.choose(report(2)) == {"a": "token of a"}
    events.note(report(2), {})  # its attempt was replaced
    assert events.choose(report(2)) == {"a": "token of a"}
