"""Progress of a job from the progress of its parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.pipeline import progress as module
from ffmpeg_worker.pipeline.progress import JobProgress, Pace, step_fraction


@pytest.fixture
def events() -> list[JobEvent]:
    return []


@pytest.fixture
def progress(events: list[JobEvent], monkeypatch: pytest.MonkeyPatch) -> JobProgress:
    monkeypatch.setattr(module, "_TRANSFER_PAUSE_S", 0.0)
    return JobProgress(events.append)


def test_stages_come_in_order_and_the_percentage_never_decreases(
    progress: JobProgress, events: list[JobEvent]
) -> None:
    progress.enter(Stage.FETCHING)
    progress.start_lanes(2)
    first, second = progress.of_lanes([0]), progress.of_lanes([1])
    first(0.5, Pace(2.0))
    first(0.25, Pace(2.0))  # a command that starts again
    second(1.0, None)
    first(1.0, None)
    progress.verifying(0)
    progress.delivering(0)
    progress.verifying(1)
    progress.delivering(1)
    progress.finish()
    assert [event.percent for event in events] == sorted(event.percent for event in events)
    assert list(dict.fromkeys(event.stage for event in events)) == [
        Stage.FETCHING,
        Stage.RUNNING,
        Stage.VERIFYING,
        Stage.DELIVERING,
        Stage.DONE,
    ]
    assert events[-1].percent == 100.0


def test_one_run_may_stand_for_several_lanes(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(2)
    progress.of_lanes([0, 1])(1.0, Pace(4.0))
    assert (events[-1].percent, events[-1].speed) == (97.0, 4.0)


def test_delivery_begins_when_the_last_lane_is_ready(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(2)
    progress.delivering(1)
    assert events[-1].stage == "running"
    progress.delivering(0)
    assert events[-1].stage == "delivering"


def test_downloads_have_a_part_of_the_bar(progress: JobProgress, events: list[JobEvent]) -> None:
    counted: list[int] = []
    meter = progress.receiving(counted.append)
    meter.expect(100)
    meter.add(50)
    assert (events[-1].received_bytes, events[-1].expected_bytes, events[-1].percent) == (50, 100, 6.0)
    meter.add(50)
    progress.start_lanes(1)
    assert events[-1].percent == 12.0
    assert counted[-1] == 100


def test_the_paces_of_parallel_runs_add_up(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(3)
    first, others = progress.of_lanes([0]), progress.of_lanes([1, 2])
    first(0.1, Pace(output="a.mp4"))
    assert (events[-1].speed, events[-1].fps, events[-1].output) == (None, None, "a.mp4")
    others(0.1, Pace(2.0, 50.0, "b.mp4"))
    first(0.2, Pace(1.5, None, "a.mp4"))
    assert (events[-1].speed, events[-1].fps, events[-1].output) == (3.5, 50.0, "a.mp4")
    first(1.0, None)
    others(0.2, Pace(2.0, 40.0, "b.mp4"))
    assert (events[-1].speed, events[-1].fps, events[-1].output) == (2.0, 40.0, "b.mp4")
    progress.failed(2)
    assert (events[-1].speed, events[-1].fps) == (None, None)


def test_a_failed_lane_does_not_hold_up_the_stages(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(2)
    progress.failed(1)
    assert events[-1].stage == "running"
    progress.verifying(0)
    assert events[-1].stage == "verifying"
    progress.delivering(0)
    assert events[-1].stage == "delivering"


def test_uploads_move_the_bar_when_nothing_else_is_left(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(1)
    meter = progress.sending()
    meter.expect(10)
    meter.add(4)  # an early segment
    assert (events[-1].percent, events[-1].sent_bytes) == (2.0, 4)
    progress.delivering(0)
    meter.add(1)
    assert events[-1].percent == 98.0
    meter.add(-5)  # an upload that starts again
    assert (events[-1].percent, events[-1].sent_bytes) == (98.0, 0)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_steady_and_ends_at_zero() -> None:
    clock, events = Clock(), list[JobEvent]()
    progress = JobProgress(events.append, clock)
    progress.start_lanes(1)
    advance = progress.of_lanes([0])
    assert events[-1].eta_s is None
    for number in range(401):  # 100 s; every second report is late
        clock.now = number * 0.25
        advance((clock.now - (0.5 if number % 2 else 0.0)) / 100, Pace(1.0))
        eta_s = events[-1].eta_s
        if clock.now >= 10:
            assert eta_s is not None
            assert eta_s == pytest.approx(100 - clock.now, rel=0.1, abs=1.0)
    assert [event.eta_s for event in events if event.eta_s is not None and event.eta_s < 0] == []
    progress.finish()
    assert events[-1].eta_s == 0.0


def test_the_time_left_follows_a_change_of_speed() -> None:
    clock, events = Clock(), list[JobEvent]()
    progress = JobProgress(events.append, clock)
    progress.start_lanes(1)
    advance = progress.of_lanes([0])
    for number in range(5):  # the first command of two copies
        clock.now = number * 0.25
        advance(number / 8, None)
    for number in range(201):  # the second one encodes for 100 s
        clock.now = 1 + number * 0.25
        advance(0.5 + number / 800, None)
    assert events[-1].eta_s == pytest.approx(50, rel=0.2)


def test_nothing_is_known_of_work_without_length_or_of_a_job_that_waits() -> None:
    clock, events = Clock(), list[JobEvent]()
    progress = JobProgress(events.append, clock)
    progress.start_lanes(1)
    advance = progress.of_lanes([0])
    for _ in range(20):
        clock.now += 1
        advance(0.0, Pace(1.0, 25.0))
    assert events[-1].eta_s is None
    for _ in range(20):
        clock.now += 1
        advance((clock.now - 20) / 40, None)
    working_s = events[-1].eta_s
    assert working_s is not None
    advance(0.5, Pace(1.0, is_open_ended=True))
    assert events[-1].eta_s is None
    advance(0.5, None)
    assert events[-1].eta_s == working_s
    progress.waiting(3)
    assert (events[-1].stage, events[-1].eta_s) == ("waiting", None)
    clock.now += 1000
    progress.resume()
    assert events[-1].eta_s == working_s


def test_a_download_is_ended_by_the_judge(progress: JobProgress) -> None:
    def judge(count: int) -> None:
        if count > 10:
            raise OverflowError

    meter = progress.receiving(judge)
    meter.add(10)
    with pytest.raises(OverflowError):
        meter.add(1)


def test_uploads_are_counted(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(1)
    progress.sending().add(7)
    progress.sending().add(8)
    assert events[-1].sent_bytes == 15


def _fractions() -> Iterator[tuple[float | None, float | None, float]]:
    yield 5.0, 10.0, 0.5
    yield 12.0, 10.0, 1.0
    yield -1.0, 10.0, 0.0
    yield 5.0, None, 0.0
    yield 5.0, 0.0, 0.0
    yield None, 10.0, 0.0


@pytest.mark.parametrize(("out_time_s", "expected_s", "fraction"), list(_fractions()))
def test_the_fraction_of_a_step(out_time_s: float | None, expected_s: float | None, fraction: float) -> None:
    assert step_fraction(Progress(frame=1, out_time_s=out_time_s, speed=1.0), expected_s) == fraction
