"""The worker's end of the socket to a spawner program: sends messages with descriptors, receives messages."""

from __future__ import annotations

import array
import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

from ffmpeg_worker.process.wire import Message, MessageReader, encode_message

_CHUNK_BYTES = 65536


class Channel:
    """A socket on the event loop that sends messages in order and without waiting.

    `on_message` is called with each received message, `on_lost` once when the other end is gone.
    """

    def __init__(
        self, connection: socket.socket, on_message: Callable[[Message], None], on_lost: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._on_message = on_message
        self._on_lost = on_lost
        self._reader = MessageReader()
        self._pending: deque[tuple[memoryview, Sequence[int]]] = deque()
        self.lost = False
        self._is_waiting = False
        connection.setblocking(False)
        self._loop.add_reader(connection.fileno(), self._read)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Queue one message. The channel takes over the descriptors and closes them when they are sent."""
        if self.lost:
            _close_all(descriptors)
            return
        self._pending.append((memoryview(encode_message(message)), descriptors))
        if len(self._pending) == 1:
            self._flush()

    def end(self) -> None:
        """Tell the spawner program to end: it kills its children, reports their ends, and exits."""
        if not self.lost:
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket and the queued descriptors."""
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._connection.fileno())
        self._loop.remove_writer(self._connection.fileno())
        self._connection.close()
        for _, descriptors in self._pending:
            _close_all(descriptors)
        self._pending.clear()
        self._on_lost()

    def _flush(self) -> None:
        try:
            while self._pending:
                self._send_first()
        except BlockingIOError:
            self._is_waiting = True
            self._loop.add_writer(self._connection.fileno(), self._flush)
        except OSError:
            self.close()
        else:
            if self._is_waiting:
                self._is_waiting = False
                self._loop.remove_writer(self._connection.fileno())

    def _send_first(self) -> None:
        data, descriptors = self._pending[0]
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self._connection.sendmsg([data], rights)
        _close_all(descriptors)  # they travel with the first byte
        if sent == len(data):
            self._pending.popleft()
        else:
            self._pending[0] = (data[sent:], ())

    def _read(self) -> None:
        try:
            chunk = self._connection.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        for message in self._reader.feed(chunk):
            self._on_message(message)
        if not chunk:
            self.close()


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
