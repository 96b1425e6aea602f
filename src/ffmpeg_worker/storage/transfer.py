"""How much of a transfer is done."""

from __future__ import annotations

from collections.abc import Callable


class TransferMeter:
    """Counts the bytes of one transfer and tells whoever shows or limits them.

    What `on_change` raises comes out of `expect` and `add`, and so ends the transfer.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.done = 0
        """Bytes so far."""
        self.total: int | None = None
        """Bytes in all, once known."""
        self._on_change = on_change

    def expect(self, total: int | None) -> None:
        """The transfer begins, or begins again; it will have `total` bytes."""
        self.done, self.total = 0, total
        self._on_change()

    def add(self, count: int) -> None:
        """`count` more bytes have gone through."""
        self.done += count
        self._on_change()
