"""The end of a run: callers and faults go on until it has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_DELAY_S = 60.0


@dataclass(frozen=True)
class RunEnd:
    """A run ends at `planned` (monotonic seconds), or up to `MAX_DELAY_S` later, as soon as `is_complete`.

    A busy machine has so slow a second worker that other faults had no chance before.
    """

    planned: float
    is_complete: Callable[[], bool]

    def has_come(self) -> bool:
        """Whether nothing more is to be started."""
        late_s = time.monotonic() - self.planned
        return late_s > MAX_DELAY_S or (late_s > 0 and self.is_complete())
