"""Progress of a whole job, computed from the progress of its parts; the percentage never decreases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage
from ffmpeg_worker.storage.transfer import TransferMeter

FractionReport = Callable[[float, float | None], None]
"""Receives the finished fraction of a lane or step (0 to 1), and the speed if known."""

# Percentages between which commands run; that takes longest in nearly every job.
_RUNNING_FROM, _RUNNING_TO = 2.0, 97.0
_RUNNING_FROM_AFTER_DOWNLOADS = 12.0
_TRANSFER_PAUSE_S = 0.1


class JobProgress:
    """Collects the progress of one job and reports it to the observer."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._percent = 0.0
        self._stage = Stage.FETCHING
        self._lanes: list[float] = []
        self._running_from = _RUNNING_FROM
        self._told_at = 0.0
        self._delivering: set[int] = set()
        self._received: list[TransferMeter] = []
        self._sent: list[TransferMeter] = []

    def receiving(self, judge: Callable[[int], None]) -> TransferMeter:
        """A meter for one download; `judge` receives the bytes of all downloads and may raise to end this one."""

        def changed() -> None:
            done = sum(meter.done for meter in self._received)
            judge(done)
            totals = [meter.total for meter in self._received if meter.total is not None]
            if self._stage is Stage.FETCHING and totals:
                self._running_from = _RUNNING_FROM_AFTER_DOWNLOADS
                self._tell_transfer(self._running_from * min(done / max(sum(totals), 1), 1.0))

        meter = TransferMeter(changed)
        self._received.append(meter)
        return meter

    def sending(self) -> TransferMeter:
        """A meter for the uploads of one lane."""
        meter = TransferMeter(lambda: self._tell_transfer(self._percent))
        self._sent.append(meter)
        return meter

    def enter(self, stage: Stage, percent: float | None = None) -> None:
        """Report that the job reached a stage."""
        self._stage = stage
        self._tell(self._percent if percent is None else percent)

    def start_lanes(self, count: int) -> None:
        """Report that `count` lanes start; they share the running part equally."""
        self._lanes = [0.0] * count
        self.enter(Stage.RUNNING, self._running_from)

    def of_lanes(self, lanes: Sequence[int]) -> FractionReport:
        """A callback for one run that makes the outputs of these lanes."""

        def advance(fraction: float, speed: float | None) -> None:
            for lane in lanes:
                self._lanes[lane] = max(self._lanes[lane], min(max(fraction, 0.0), 1.0))
            done = sum(self._lanes) / len(self._lanes)
            self._tell(self._running_from + (_RUNNING_TO - self._running_from) * done, speed)

        return advance

    def waiting(self, position: int) -> None:
        """Report that nothing of the job runs, since it waits for a slot; `position` 1 is next."""
        self._tell(self._percent, position=position)

    def resume(self) -> None:
        """Report that the job waits no longer."""
        self._tell(self._percent)

    def delivering(self, lane: int) -> None:
        """Report that the outputs of a lane are ready; after the last lane the stage is `delivering`."""
        self._delivering.add(lane)
        if len(self._delivering) == len(self._lanes):
            self.enter(Stage.DELIVERING)

    def finish(self) -> None:
        """Report that the job has its result."""
        self.enter(Stage.DONE, 100.0)

    def _tell_transfer(self, percent: float) -> None:
        """Report a transfer at most every 0.1 s: meters change with every block."""
        now = time.monotonic()
        if now - self._told_at >= _TRANSFER_PAUSE_S:
            self._told_at = now
            self._tell(percent)

    def _tell(self, percent: float, speed: float | None = None, position: int | None = None) -> None:
        self._percent = max(self._percent, percent)
        totals = [meter.total for meter in self._received if meter.total is not None]
        self._observer(
            JobEvent(
                self._stage if position is None else Stage.WAITING,
                round(self._percent, 2),
                speed,
                received_bytes=sum(meter.done for meter in self._received),
                expected_bytes=sum(totals) if totals else None,
                sent_bytes=sum(meter.done for meter in self._sent),
                position=position,
            )
        )


def step_fraction(report: Progress, expected_s: float | None) -> float:
    """The finished fraction of a step, 0 to 1; 0 while its length is unknown."""
    if report.out_time_s is None or not expected_s:
        return 0.0
    return min(max(report.out_time_s / expected_s, 0.0), 1.0)
