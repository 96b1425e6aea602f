"""Answers the notices of one child's reads: a read goes on when its bytes are there.

A hostile child may send any notices in any order. It may make its own reads fail or find holes, and nothing else.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import platform
import select
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.process.waiting_file import WaitingFile, WaitingReader
from ffmpeg_worker.sandbox.notices import Notice, answer_with_descriptor, fail, let_continue, receive_notice
from ffmpeg_worker.sandbox.syscalls import NUMBERS
from ffmpeg_worker.sandbox.waiting_reads import FILE_NUMBERS, TICKETS

MAX_READ_BYTES = 1 << 30
"""A longer read fails: FFmpeg reads at most a packet at once."""

_HANDLED = frozenset({"read", "close", "dup", "fcntl"})
_MAX_WAITING = 256
_MAX_PER_TURN = 16
_MIN_WAITED_S = 0.1
_LOW_HALF = 0xFFFFFFFF

T = TypeVar("T")


@dataclass(slots=True)
class _Opened:
    """A file that the child has open; the position of the descriptor is that of the child's."""

    file: WaitingFile
    reader: WaitingReader
    descriptor: int

    def close(self) -> None:
        self.reader.close()
        os.close(self.descriptor)


class ReadSupervisor:
    """Answers the notices of one child, on the event loop and without blocking it."""

    def __init__(self, listener: int, files: Iterable[WaitingFile] = ()) -> None:
        """`listener` receives the notices, and is closed with this; the tickets of `files` are the first ones."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._names = {number: name for name, number in NUMBERS[platform.machine()].items() if name in _HANDLED}
        self._tickets = dict(zip(TICKETS, files, strict=False))
        self._free = deque(FILE_NUMBERS)  # used in turn: a number rests after it was closed
        self._opened: dict[int, _Opened] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._waiting_since = 0.0
        self._waited_s = 0.0
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self.closed = False
        self._loop.add_reader(listener, self._receive)

    @property
    def waited_s(self) -> float:
        """Seconds in which at least one read has waited for bytes."""
        return self._waited_s + (time.monotonic() - self._waiting_since if self._waiting else 0.0)

    def issue_ticket(self, file: WaitingFile) -> int:
        """Return the ticket of a file, a new one if it has none.

        Raises:
            StopIteration: all tickets are used.
        """
        for number, known in self._tickets.items():
            if known is file:
                return number
        unused = next(number for number in TICKETS if number not in self._tickets)
        self._tickets[unused] = file
        return unused

    def close(self) -> None:
        """Close all files. Reads that wait fail at once, and so do all further ones."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._listener)
        os.close(self._listener)
        for task in self._tasks:
            task.cancel()
        for opened in self._opened.values():
            opened.close()
        self._opened.clear()

    def _receive(self) -> None:
        try:
            for _ in range(_MAX_PER_TURN):
                events = self._poll.poll(0)  # receiving would wait if there were no notice
                if not events:
                    return
                if not events[0][1] & select.POLLIN:  # no task of the child is left
                    self.close()
                    return
                notice = receive_notice(self._listener)
                if notice is not None:
                    self._handle(notice)
        except OSError as error:
            log(logging.ERROR, "reads cannot be supervised", error=str(error))
            self.close()

    def _handle(self, notice: Notice) -> None:
        name = self._names.get(notice.number)
        number = notice.arguments[0] & _LOW_HALF
        if name in {"dup", "fcntl"}:
            if len(self._tasks) < _MAX_WAITING:
                self._start(self._open(notice, number))
            else:
                self._answer(notice, errno.EMFILE)
        elif name == "read":
            self._read(notice, number)
        else:
            if name == "close" and number in self._opened:
                self._close_file(number)
            self._answer(notice)

    async def _open(self, notice: Notice, ticket: int) -> None:
        file = self._tickets.get(ticket)
        if file is None or not self._free:
            self._answer(notice, errno.EBADF if file is None else errno.EMFILE)
            return
        number = self._free.popleft()
        try:
            descriptor = file.open_descriptor()
            self._opened[number] = _Opened(file, file.open_reader(), descriptor)
            # In a thread, as the call lasts until the child has run; with descriptors that stay open meanwhile.
            copies = (os.dup(self._listener), os.dup(descriptor))
            await asyncio.shield(asyncio.to_thread(_hand_over, *copies, notice, number))
        except OSError as error:  # most likely it was interrupted, and asks again
            if number in self._opened:
                self._close_file(number)
            else:
                self._free.append(number)
            self._answer(notice, error.errno or errno.EMFILE)

    def _read(self, notice: Notice, number: int) -> None:
        opened = self._opened.get(number)
        if opened is None:  # a file of its own
            self._answer(notice)
            return
        start = os.lseek(opened.descriptor, 0, os.SEEK_CUR)
        length = min(notice.arguments[2], opened.file.size - start)
        if length <= 0 or opened.reader.has(start, length):
            self._answer(notice)
        elif length > MAX_READ_BYTES or len(self._tasks) >= _MAX_WAITING:
            self._answer(notice, errno.ENOMEM)
        else:
            self._start(self._wait(notice, opened, start, length))

    async def _wait(self, notice: Notice, opened: _Opened, start: int, length: int) -> None:
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting += 1
        try:
            await opened.reader.fetch(start, length)
        except WorkerError:
            self._answer(notice, errno.EIO)
        except Exception as error:  # a read that is not answered waits for ever
            log(logging.ERROR, "the bytes of a read cannot be fetched", error=repr(error))
            self._answer(notice, errno.EIO)
        else:
            self._answer(notice)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._waited_s += time.monotonic() - self._waiting_since

    def _close_file(self, number: int) -> None:
        self._opened.pop(number).close()
        self._free.append(number)

    def _answer(self, notice: Notice, error: int | None = None) -> None:
        if self.closed:
            return
        with suppress(OSError):  # the child is gone, or was interrupted and asks again
            if error is None:
                let_continue(self._listener, notice)
            else:
                fail(self._listener, notice, error)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def work_within(
    timeout_s: float | None, reads: ReadSupervisor | None, work: Callable[[], Awaitable[T]]
) -> T:
    """Do what `work` does, for `timeout_s` seconds in which the reads of a child do not wait for bytes.

    `work` is cancelled and called again where they did.

    Raises:
        TimeoutError: it has not ended.
    """
    waited_s = 0.0 if reads is None else reads.waited_s
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                return await work()
        except TimeoutError:
            before_s, waited_s = waited_s, 0.0 if reads is None else reads.waited_s
            timeout_s = waited_s - before_s
            if timeout_s < _MIN_WAITED_S:
                raise


def _hand_over(listener: int, descriptor: int, notice: Notice, number: int) -> None:
    """Answer a notice with a descriptor; closes both that are given."""
    try:
        answer_with_descriptor(listener, notice, descriptor, number)
    finally:
        os.close(listener)
        os.close(descriptor)
