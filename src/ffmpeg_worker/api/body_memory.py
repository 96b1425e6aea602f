"""Memory for request bodies that arrive: one limit for all connections, shared fairly between API keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ffmpeg_worker.errors import KeyLimitReached, QueueFull

BODIES_BYTES = 64 << 20
"""Bytes of all bodies that are being received, unless a few of the largest need more."""
_LARGEST = 8


class BodyMemory:
    """Limits the bytes of the bodies that are being received.

    Bodies that have arrived belong to running or waiting jobs, whose number is limited. Where there are several
    keys, an owner may have no more than it leaves free.
    """

    def __init__(self, max_body_bytes: int, *, has_several_keys: bool = False) -> None:
        self._total = max(BODIES_BYTES, _LARGEST * max_body_bytes)
        self._has_several_keys = has_several_keys
        self.by_owner: Counter[str] = Counter()
        """Bytes of unfinished bodies, by owner; those without one are not listed."""

    @contextmanager
    def receiving(self, owner: str) -> Iterator[Callable[[int], None]]:
        """Yield the function that counts more bytes of a body; they are free when the block ends.

        The function raises QueueFull or KeyLimitReached if there is no room for the bytes.
        """
        received = 0

        def add(count: int) -> None:
            nonlocal received
            self._check(owner, count)
            received += count
            self.by_owner[owner] += count

        try:
            yield add
        finally:
            self.by_owner[owner] -= received
            if not self.by_owner[owner]:
                del self.by_owner[owner]

    def _check(self, owner: str, count: int) -> None:
        free = self._total - self.by_owner.total() - count
        if self._has_several_keys and self.by_owner[owner] + count > free:
            raise KeyLimitReached(
                "The requests of this API key that are being received are too large together.",
                code="key_requests_full",
                hint="Send it again when others have arrived.",
            )
        if free < 0:
            raise QueueFull(
                "The requests that the worker is receiving are too large together.", hint="Try again later."
            )
