"""Progress of a job from the progress of its parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.pipeline import progress as module
from ffmpeg_worker.pipeline.progress import JobProgress, step_fraction


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
    first(0.5, 2.0)
    first(0.25, 2.0)  # a command that starts again
    second(1.0, None)
    first(1.0, None)
    progress.delivering(0)
    progress.delivering(1)
    progress.finish()
    assert [event.percent for event in events] == sorted(event.percent for event in events)
    assert list(dict.fromkeys(event.stage for event in events)) == [
        Stage.FETCHING,
        Stage.RUNNING,
        Stage.DELIVERING,
        Stage.DONE,
    ]
    assert events[-1].percent == 100.0


def test_one_run_may_stand_for_several_lanes(progress: JobProgress, events: list[JobEvent]) -> None:
    progress.start_lanes(2)
    progress.of_lanes([0, 1])(1.0, 4.0)
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
