"""Progress of a whole job, computed from the progress of its parts; the percentage never decreases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage, ignore_event
from ffmpeg_worker.pipeline.remaining_time import RemainingTime
from ffmpeg_worker.storage.transfer import TransferMeter


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed and current output of a running step, where they are known.

    `speed` is in seconds of media per second. The length of the output of a step that `is_open_ended` is unknown.
    """

    speed: float | None = None
    fps: float | None = None
    output: str | None = None
    is_open_ended: bool = False


FractionReport = Callable[[float, Pace | None], None]
"""Receives the finished fraction of a lane or step (0 to 1), and its pace; `None` when it has ended."""

# Percentages between which commands run; that takes longest in nearly every job.
_RUNNING_FROM, _RUNNING_TO = 2.0, 97.0
_RUNNING_FROM_AFTER_DOWNLOADS = 12.0
_DELIVERING_TO = 99.0
_TRANSFER_PAUSE_S = 0.1


class JobProgress:
    """Collects the progress of one job and reports it to the observer."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds; only differences count."""
        self._observer = observer
        self._clock = clock
        self._percent = 0.0
        self._stage = Stage.FETCHING
        self._lanes: list[float] = []
        self._paces: dict[tuple[int, ...], Pace] = {}
        self._output: str | None = None
        self._remaining = RemainingTime(clock)
        self._running_from = _RUNNING_FROM
        self._told_at = -_TRANSFER_PAUSE_S
        self._executed: set[int] = set()
        self._verified: set[int] = set()
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
        meter = TransferMeter(self._tell_sent)
        self._sent.append(meter)
        return meter

    def enter(self, stage: Stage, percent: float | None = None) -> None:
        """Report that the job reached a stage."""
        self._stage = stage
        self._remaining = RemainingTime(self._clock)
        self._tell(self._percent if percent is None else percent)

    def start_lanes(self, count: int) -> None:
        """Report that `count` lanes start; they share the running part equally."""
        self._lanes = [0.0] * count
        self.enter(Stage.RUNNING, self._running_from)

    def of_lanes(self, lanes: Sequence[int]) -> FractionReport:
        """A callback for one run that makes the outputs of these lanes."""
        run = tuple(lanes)

        def advance(fraction: float, pace: Pace | None) -> None:
            for lane in run:
                self._lanes[lane] = max(self._lanes[lane], min(max(fraction, 0.0), 1.0))
            self._note_pace(run, pace)
            done = sum(self._lanes) / len(self._lanes)
            if self._stage is Stage.RUNNING:
                self._remaining.update(done)
            self._tell(self._running_from + (_RUNNING_TO - self._running_from) * done)

        return advance

    def waiting(self, position: int) -> None:
        """Report that nothing of the job runs, since it waits for a slot; `position` 1 is next."""
        self._remaining.pause()
        self._tell(self._percent, position=position)

    def resume(self) -> None:
        """Report that the job waits no longer."""
        self._tell(self._percent)

    def verifying(self, lane: int) -> None:
        """Report that the commands of a lane have ended; after those of all lanes the stage is `verifying`."""
        self._executed.add(lane)
        self._enter_next_stage()

    def delivering(self, lane: int) -> None:
        """Report that the outputs of a lane are ready; after the last lane the stage is `delivering`."""
        self._executed.add(lane)
        self._verified.add(lane)
        self._enter_next_stage()

    def failed(self, lane: int) -> None:
        """Report that a lane has failed, and the others go on."""
        self.of_lanes([lane])(1.0, None)
        self.delivering(lane)

    def finish(self) -> None:
        """Report that the job has its result."""
        self._paces.clear()
        self.enter(Stage.DONE, 100.0)

    def _find_seconds_left(self) -> float | None:
        if self._stage is Stage.DONE:
            return 0.0
        return None if any(pace.is_open_ended for pace in self._paces.values()) else self._remaining.seconds

    def _note_pace(self, run: tuple[int, ...], pace: Pace | None) -> None:
        if pace is None:
            self._paces = {other: known for other, known in self._paces.items() if not {*other} & {*run}}
        else:
            self._paces[run] = pace
        named = [(other, known.output) for other, known in self._paces.items() if known.output is not None]
        if named:
            self._output = min(named)[1]

    def _enter_next_stage(self) -> None:
        count = len(self._lanes)
        reached = Stage.DELIVERING if len(self._verified) == count else Stage.VERIFYING
        if len(self._executed) == count and reached is not self._stage:
            self.enter(reached)

    @property
    def is_watched(self) -> bool:
        """Whether anybody receives the progress."""
        return self._observer is not ignore_event

    def _tell_sent(self) -> None:
        """Report an upload; in the last stage, uploads are all that is left to do."""
        total = sum(meter.total or 0 for meter in self._sent)
        if self._stage is not Stage.DELIVERING or not total:
            self._tell_transfer(self._percent)
            return
        done = min(sum(meter.done for meter in self._sent) / total, 1.0)
        self._remaining.update(done)
        self._tell_transfer(_RUNNING_TO + (_DELIVERING_TO - _RUNNING_TO) * done)

    def _tell_transfer(self, percent: float) -> None:
        """Report a transfer at most every 0.1 s: meters change with every block."""
        now = self._clock()
        if now - self._told_at >= _TRANSFER_PAUSE_S:
            self._told_at = now
            self._tell(percent)

    def _tell(self, percent: float, position: int | None = None) -> None:
        self._percent = max(self._percent, percent)
        if not self.is_watched:
            return
        totals = [meter.total for meter in self._received if meter.total is not None]
        is_waiting = position is not None
        self._observer(
            JobEvent(
                Stage.WAITING if is_waiting else self._stage,
                round(self._percent, 2),
                sum_known(pace.speed for pace in self._paces.values()),
                received_bytes=sum(meter.done for meter in self._received),
                expected_bytes=sum(totals) if totals else None,
                sent_bytes=sum(meter.done for meter in self._sent),
                position=position,
                fps=sum_known(pace.fps for pace in self._paces.values()),
                eta_s=None if is_waiting else self._find_seconds_left(),
                output=self._output,
            )
        )


def sum_known(values: Iterable[float | None]) -> float | None:
    """The sum of those values that are known; `None` if none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def step_fraction(report: Progress, expected_s: float | None) -> float:
    """The finished fraction of a step, 0 to 1; 0 while its length is unknown."""
    if report.out_time_s is None or not expected_s:
        return 0.0
    return min(max(report.out_time_s / expected_s, 0.0), 1.0)
