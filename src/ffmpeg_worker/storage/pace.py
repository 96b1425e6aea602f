"""How fast a transfer must be."""

from __future__ import annotations

import time


class StallGuard:
    """Counts what arrives, and gives up on a sender that trickles."""

    def __init__(self, min_bytes_per_s: float, window_s: float) -> None:
        self._min_bytes_per_s = min_bytes_per_s
        self._window_s = window_s
        self._began = time.monotonic()
        self._bytes = 0

    def count(self, size: int) -> None:
        """Add `size` bytes that have just arrived.

        Raises:
            TimeoutError: the last window was slower than allowed.
        """
        self._bytes += size
        elapsed_s = time.monotonic() - self._began
        if elapsed_s < self._window_s:
            return
        if self._bytes < self._min_bytes_per_s * elapsed_s:
            raise TimeoutError
        self._began += elapsed_s
        self._bytes = 0
