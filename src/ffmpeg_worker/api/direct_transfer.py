"""Moves large bodies between the socket of a connection and a file, past the parser, which only counts them.

The parser looks at heads and chunks; a body of declared length has nothing that it could look at. Copied through
it and the event loop, each byte of such a body is copied five times.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, cast

from starlette.types import Scope

from ffmpeg_worker.api.received_bytes import MIN_BYTES, body_timeout
from ffmpeg_worker.errors import JobCancelled
from ffmpeg_worker.storage.local.draft import Draft
from ffmpeg_worker.storage.socket_copy import Turn, copy_to_socket
from ffmpeg_worker.tasks import finish_then_cancel

if TYPE_CHECKING:
    from ffmpeg_worker.api.bounded_connection import BoundedConnection

MIN_DIRECT_BYTES = 256 << 10
"""Shorter bodies go through the parser: starting a thread would take longer."""
_EXTENSION = "ffmpeg_worker.direct_transfer"


class DirectTransfer:
    """Moves the bodies of one request and of its response directly."""

    def __init__(self, connection: BoundedConnection) -> None:
        """Make it for the request that the connection serves now."""
        self._connection = connection
        self._cycle = connection.cycle
        self._flow = connection.flow
        self._transport = connection.transport
        self._has_taken_over = False

    def take_over(self) -> bool:
        """Keep what is still to arrive of the request's body from the parser, if it is long enough for that.

        It is called when all that the parser has read was received; if it returns true, `receive` must follow.
        """
        is_behind = bool(self._cycle.body) or self._is_gone
        if is_behind or self._connection.conn.announced_bytes < MIN_DIRECT_BYTES:
            return False
        self._flow.pause_reading()
        self._has_taken_over = True
        return True

    async def receive(self, draft: Draft, on_bytes: Callable[[int], None], *, patience_s: float) -> None:
        """Append what was taken over to a file; `on_bytes` is called with each number of bytes that was added.

        Raises:
            InvalidJob, JobCancelled: see `receive_blocks`.
            DiskFull, FileError: the disk does not take them.
        """
        if not self._has_taken_over:
            return
        parser = self._connection.conn
        with closing(_Socket(self._transport)) as socket:
            pace = _Pace(patience_s)
            try:
                while left := parser.announced_bytes:
                    await socket.wait_until_readable(pace)
                    turn = await draft.take_turn(socket.descriptor, left)
                    parser.count_received(turn.count)
                    on_bytes(turn.count)
                    pace.add(turn.count)
                    if isinstance(turn.problem, OSError):
                        draft.fail(turn.problem)
                    if turn.is_closed:
                        raise JobCancelled("The caller went away while sending the body.")
            except TimeoutError:
                raise body_timeout(patience_s) from None
            except asyncio.CancelledError:  # where the next request would begin is not known
                self._transport.abort()
                raise
            finally:
                self._flow.resume_reading()
                if not self._transport.is_closing():
                    self._connection.handle_events()

    async def send(self, file: int, part: range, on_bytes: Callable[[int], None]) -> int:
        """Send a part of a file; returns how many bytes were sent.

        These are fewer if the client has gone or reads too slowly, the file has become shorter, or the system
        cannot send it like that. `on_bytes` is called with each number of bytes that were sent.
        """
        await self._flow.drain()
        pace = _Pace(self._connection.read_timeout_s)
        at = part.start
        with closing(_Socket(self._transport)) as socket:
            while at < part.stop and not self._is_gone:
                try:
                    await socket.wait_until_writable(pace)
                except TimeoutError:
                    self._connection.abort_unread()
                    break
                copy = asyncio.to_thread(copy_to_socket, socket.descriptor, file, at, part.stop - at)
                turn: Turn = await finish_then_cancel(copy)
                self._connection.conn.count_sent(turn.count)
                on_bytes(turn.count)
                pace.add(turn.count)
                at += turn.count
                if turn.is_closed or turn.problem is not None:
                    break
        return at - part.start

    @property
    def _is_gone(self) -> bool:
        return self._cycle.disconnected or self._transport.is_closing()


class _Pace:
    """A deadline that moves on with every `MIN_BYTES`."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._unseen = 0
        self.deadline = self._loop.time() + patience_s
        """Time of the event loop's clock."""

    def add(self, count: int) -> None:
        self._unseen += count
        if self._unseen >= MIN_BYTES:
            self._unseen = 0
            self.deadline = self._loop.time() + self._patience_s


class _Socket:
    """A second descriptor of a connection, which stays its own when the connection is closed meanwhile."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.descriptor = os.dup(transport.get_extra_info("socket").fileno())
        self._loop = asyncio.get_running_loop()

    async def wait_until_readable(self, pace: _Pace) -> None:
        """Wait for bytes, or the end of the connection.

        Raises:
            TimeoutError: the other end is too slow.
        """
        ready = asyncio.Event()
        self._loop.add_reader(self.descriptor, ready.set)
        try:
            async with asyncio.timeout_at(pace.deadline):
                await ready.wait()
        finally:
            self._loop.remove_reader(self.descriptor)

    async def wait_until_writable(self, pace: _Pace) -> None:
        """Wait until bytes can be sent, or the end of the connection.

        Raises:
            TimeoutError: the other end is too slow.
        """
        ready = asyncio.Event()
        self._loop.add_writer(self.descriptor, ready.set)
        try:
            async with asyncio.timeout_at(pace.deadline):
                await ready.wait()
        finally:
            self._loop.remove_writer(self.descriptor)

    def close(self) -> None:
        """Close the second descriptor."""
        os.close(self.descriptor)


def offer_direct_transfer(scope: Scope, connection: BoundedConnection) -> None:
    """Let the application that serves a request move bodies directly."""
    scope.setdefault("extensions", {})[_EXTENSION] = DirectTransfer(connection)


def find_direct_transfer(scope: Scope) -> DirectTransfer | None:
    """Return what moves the bodies of a request; `None` where the server cannot do that."""
    return cast("DirectTransfer | None", (scope.get("extensions") or {}).get(_EXTENSION))
