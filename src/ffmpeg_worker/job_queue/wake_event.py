"""The event that the loop of a queue waits for: work has arrived, or the engine stops."""

from __future__ import annotations

import threading


class WakeEvent:
    """Has the methods of the `threading.Event` that stops the loop of a queue, and also wakes it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._is_stopped = False
        self._has_work = False

    def is_set(self) -> bool:
        """Whether the engine stops."""
        return self._is_stopped

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until work arrives or the engine stops, at most `timeout` seconds; returns whether it stops."""
        with self._condition:
            self._condition.wait_for(lambda: self._is_stopped or self._has_work, timeout)
            self._has_work = False
            return self._is_stopped

    def wake(self) -> None:
        """End the pause: work may have arrived."""
        with self._condition:
            self._has_work = True
            self._condition.notify_all()

    def stop(self) -> None:
        """End the loop."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify_all()
