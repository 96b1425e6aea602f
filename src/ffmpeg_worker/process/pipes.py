"""The worker's ends of a child's pipes: plain descriptors on the event loop, without tasks or transports.

Attaching and closing are synchronous, so a cancelled caller can never leave one of them half made.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_CHUNK_BYTES = 65536


class PipeReader:
    """Hands every chunk of a pipe to `feed`, until its end; owns the descriptor.

    With `pause_s` it looks only so often: what a program writes in many small pieces arrives in few.
    """

    def __init__(
        self,
        descriptor: int,
        feed: Callable[[bytes], None],
        on_end: Callable[[], None],
        *,
        pause_s: float = 0.0,
    ) -> None:
        self._pause_s = pause_s
        self._pausing: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._feed = feed
        self._on_end = on_end
        self.closed = False
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self.close()
            return
        self._feed(chunk)
        if self._pause_s and not self.closed:
            self._loop.remove_reader(self._descriptor)
            self._pausing = self._loop.call_later(self._pause_s, self._resume)

    def hurry(self) -> None:
        """Pause no more: the writer has ended."""
        self._pause_s = 0.0
        if self._pausing is not None:
            self._resume()

    def _resume(self) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        if not self.closed:
            self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Read no more; calls `on_end` the first time."""
        if self.closed:
            return
        self.closed = True
        if self._pausing is not None:
            self._pausing.cancel()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._on_end()


class PipeWriter:
    """Writes to a pipe without waiting; owns the descriptor. A reader that went away is no error here."""

    def __init__(self, descriptor: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._pending = bytearray()
        self._ending = False
        self.closed = False
        os.set_blocking(descriptor, False)

    def write(self, data: bytes) -> None:
        """Send `data` as soon as the pipe takes it."""
        if self.closed or self._ending:
            return
        idle = not self._pending
        self._pending += data
        if idle:
            self._flush()

    def end(self) -> None:
        """Close after the last byte has been taken."""
        self._ending = True
        if not self._pending:
            self.close()

    def close(self) -> None:
        """Close now; what was not taken is dropped."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_writer(self._descriptor)
        os.close(self._descriptor)

    def _flush(self) -> None:
        try:
            del self._pending[: os.write(self._descriptor, self._pending)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.close()
            return
        if self._pending:
            self._loop.add_writer(self._descriptor, self._flush)
            return
        self._loop.remove_writer(self._descriptor)
        if self._ending:
            self.close()
