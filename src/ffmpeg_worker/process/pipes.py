"""The worker's ends of the pipes of a child: descriptors on the event loop, without tasks or transports.

Opening and closing are synchronous, so a cancelled caller never leaves one of them half open.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_CHUNK_BYTES = 65536
_BUSY_BYTES = 4096
"""After a chunk of this size the pause is a tenth: a writer that fills the pipe has to wait for its end."""


class PipeReader:
    """Passes every chunk of a pipe to `feed` until the pipe ends; owns the descriptor.

    `pause_s`: seconds to wait after each chunk, so that many small writes arrive as few chunks.
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
        self._is_watched = False
        self.closed = False
        os.set_blocking(descriptor, False)
        self._watch()

    def _read(self) -> None:
        try:
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            self._watch()
            return
        if not chunk:
            self.close()
            return
        self._feed(chunk)
        if self.closed:
            return
        if self._pause_s:
            self._stop_watching()
            pause_s = self._pause_s if len(chunk) < _BUSY_BYTES else self._pause_s / 10
            self._pausing = self._loop.call_later(pause_s, self._resume)
        else:
            self._watch()

    def stop_pausing(self) -> None:
        """Read without pauses from now on, because the writer has ended."""
        self._pause_s = 0.0
        if self._pausing is not None:
            self._resume()
            if not self.closed:
                self._read()  # the end, if no other process has the pipe

    def _resume(self) -> None:
        """Read what has come during a pause: while a program writes, the pipe need not be watched."""
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        if not self.closed:
            self._read()

    def _watch(self) -> None:
        if not self._is_watched:
            self._is_watched = True
            self._loop.add_reader(self._descriptor, self._read)

    def _stop_watching(self) -> None:
        if self._is_watched:
            self._is_watched = False
            self._loop.remove_reader(self._descriptor)

    def close(self) -> None:
        """Stop reading and close the pipe; the first call calls `on_end`."""
        if self.closed:
            return
        self.closed = True
        if self._pausing is not None:
            self._pausing.cancel()
        self._stop_watching()
        os.close(self._descriptor)
        on_end = self._on_end
        # Both refer to the child, and it to this: what they have collected may be large and must not wait for the
        # garbage collector.
        self._feed, self._on_end = _ignore, _do_nothing
        on_end()


def _ignore(_chunk: bytes) -> None:
    """Receive what arrives after the end."""


def _do_nothing() -> None:
    """Take the place of a callback that has been called."""


class PipeWriter:
    """Writes to a pipe without waiting; owns the descriptor. A reader that is gone is not an error."""

    def __init__(self, descriptor: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._pending = bytearray()
        self._ending = False
        self._is_waiting = False
        self.closed = False
        os.set_blocking(descriptor, False)

    def write(self, data: bytes) -> None:
        """Queue `data` for the pipe."""
        if self.closed or self._ending:
            return
        idle = not self._pending
        self._pending += data
        if idle:
            self._flush()

    def end(self) -> None:
        """Close the pipe when all queued data is written."""
        self._ending = True
        if not self._pending:
            self.close()

    def close(self) -> None:
        """Close the pipe now and drop queued data."""
        if self.closed:
            return
        self.closed = True
        self._stop_waiting()
        os.close(self._descriptor)

    def _stop_waiting(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self._loop.remove_writer(self._descriptor)

    def _flush(self) -> None:
        try:
            del self._pending[: os.write(self._descriptor, self._pending)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.close()
            return
        if self._pending:
            self._is_waiting = True
            self._loop.add_writer(self._descriptor, self._flush)
            return
        self._stop_waiting()
        if self._ending:
            self.close()
