"""Percent of a whole job from the reports of its parts; it never goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage

LaneProgress = Callable[[float, float | None], None]
"""Told how much of a lane is done (0 to 1), and the speed where known."""

# Shares of the bar: what takes long in nearly every job is running.
_RUNNING_FROM, _RUNNING_TO = 2.0, 97.0


class JobProgress:
    """Collects progress of one job and tells the observer when it grows."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._percent = 0.0
        self._stage = Stage.FETCHING
        self._lanes: list[float] = []

    def enter(self, stage: Stage, percent: float | None = None) -> None:
        """The job reached a stage."""
        self._stage = stage
        self._tell(self._percent if percent is None else percent)

    def start_lanes(self, count: int) -> None:
        """The plan is made: `count` lanes share the running part equally."""
        self._lanes = [0.0] * count
        self.enter(Stage.RUNNING, _RUNNING_FROM)

    def of_lanes(self, lanes: Sequence[int]) -> LaneProgress:
        """For whoever runs these lanes, one or several in one."""

        def advance(fraction: float, speed: float | None) -> None:
            for lane in lanes:
                self._lanes[lane] = max(self._lanes[lane], min(max(fraction, 0.0), 1.0))
            self._tell_running(speed)

        return advance

    def _tell_running(self, speed: float | None) -> None:
        done = sum(self._lanes) / len(self._lanes)
        self._tell(_RUNNING_FROM + (_RUNNING_TO - _RUNNING_FROM) * done, speed)

    def finish(self) -> None:
        """The result is there."""
        self._stage = Stage.DONE
        self._tell(100.0)

    def _tell(self, percent: float, speed: float | None = None) -> None:
        self._percent = max(self._percent, percent)
        self._observer(JobEvent(self._stage, round(self._percent, 2), speed))


def step_fraction(report: Progress, expected_s: float | None) -> float:
    """How much of a step is done, 0 to 1; 0 while its length is unknown."""
    if report.out_time_s is None or not expected_s:
        return 0.0
    return min(max(report.out_time_s / expected_s, 0.0), 1.0)
