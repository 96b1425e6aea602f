"""What happens to a job while it runs, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a job is on its one path."""

    FETCHING = "fetching"
    RUNNING = "running"
    DELIVERING = "delivering"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Progress of a job: `percent` from 0 to 100 never goes back; `speed` is media seconds per second.

    Bytes are those of transfers from and to other machines; `expected_bytes` is what all downloads will be,
    as far as their servers have said.
    """

    stage: Stage
    percent: float
    speed: float | None = None
    received_bytes: int = 0
    expected_bytes: int | None = None
    sent_bytes: int = 0


Observer = Callable[[JobEvent], None]
"""Called on the event loop; must return at once."""


def ignore(_event: JobEvent) -> None:
    """An observer that does not look."""
