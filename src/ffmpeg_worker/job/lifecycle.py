"""Stages and progress of a running job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Stages of a job, in order; before each command it may wait."""

    FETCHING = "fetching"
    WAITING = "waiting"
    RUNNING = "running"
    DELIVERING = "delivering"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Progress of a job.

    Attributes:
        stage: the current stage.
        percent: from 0 to 100; never decreases.
        speed: seconds of media made per second.
        received_bytes: downloaded from other machines.
        expected_bytes: sum of the sizes that servers have announced for downloads; `None` where none has.
        sent_bytes: uploaded to other machines.
        position: place among the waiting jobs, 1 is next; `None` unless the job waits.
    """

    stage: Stage
    percent: float
    speed: float | None = None
    received_bytes: int = 0
    expected_bytes: int | None = None
    sent_bytes: int = 0
    position: int | None = None


Observer = Callable[[JobEvent], None]
"""Called on the event loop with every progress; must return at once."""


def ignore_event(_event: JobEvent) -> None:
    """Do nothing; the observer of jobs that nobody watches."""
