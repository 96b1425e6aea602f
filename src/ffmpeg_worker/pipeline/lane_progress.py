"""Progress of a lane, computed from that of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.pipeline.progress import FractionReport, Pace, sum_known
from ffmpeg_worker.planning.steps import ComputeStep, OptionalStep, Step

_SMALL_SHARE = 0.02
"""Share in the progress of steps that take little time, or are seldom needed, relative to other steps."""


class LaneProgress:
    """Adds up what the steps of a lane report, one after the other or side by side.

    `outputs` are the caller's names of what each step makes.
    """

    def __init__(self, report: FractionReport, steps: Sequence[Step], outputs: Sequence[str | None]) -> None:
        self._report = report
        self._outputs = outputs
        self._weights = [_SMALL_SHARE if isinstance(step, OptionalStep | ComputeStep) else 1.0 for step in steps]
        self._done = [0.0] * len(steps)
        self._paces: dict[int, Pace] = {}

    def of_step(self, number: int) -> FractionReport:
        """A callback for one step."""

        def report(fraction: float, pace: Pace | None) -> None:
            self._done[number] = max(self._done[number], fraction)
            if pace is None:
                self._paces.pop(number, None)
            else:
                self._paces[number] = replace(pace, output=self._outputs[number])
            done = sum(share * weight for share, weight in zip(self._done, self._weights, strict=True))
            self._report(done / sum(self._weights), self._pace())

        return report

    def _pace(self) -> Pace | None:
        """The pace of all steps that run together; `None` if none does."""
        paces = [self._paces[number] for number in sorted(self._paces)]
        if len(paces) < 2:
            return next(iter(paces), None)
        return Pace(
            sum_known(pace.speed for pace in paces),
            sum_known(pace.fps for pace in paces),
            next((pace.output for pace in paces if pace.output is not None), None),
            any(pace.is_open_ended for pace in paces),
        )
