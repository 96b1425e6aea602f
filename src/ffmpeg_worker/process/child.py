"""A running child process: waits for it, stops it, reads and writes its pipes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.pipes import PipeReader, PipeWriter
from ffmpeg_worker.process.read_supervisor import ReadSupervisor
from ffmpeg_worker.process.wire import Message
from ffmpeg_worker.tasks import finish_then_cancel

DEFAULT_GRACE_S = 1.0
"""Seconds between SIGTERM and SIGKILL. A stopped job need not finish: its files are deleted."""

_STOP_SIGNALS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})

# A grandchild that left the process group may keep a pipe open for ever; the child's own output is there at once.
_DRAIN_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Exit:
    """Exit code of a child, or the signal that ended it, and the resources it used."""

    code: int | None
    signal: int | None
    cpu_seconds: float
    max_rss_bytes: int

    @property
    def is_stop(self) -> bool:
        """Whether it was ended by a signal that others send: the worker, an operator, or the kernel out of memory.

        All other signals are crashes of the program itself.
        """
        return self.signal in _STOP_SIGNALS


@dataclass(frozen=True)
class Output:
    """Reader of one output of a child.

    Attributes:
        feed: receives every chunk.
        max_bytes: if the child writes more, it is killed.
        pause_s: seconds between two reads while the child runs, so that many small writes become few chunks; fewer
            for a child that writes much.
    """

    feed: Callable[[bytes], None]
    max_bytes: int | None = None
    pause_s: float = 0.0


class Child:
    """A running child process, leader of its own process group; made by `Spawner`.

    As a context manager it stops the child on exit, also after an error, if the child still runs.
    """

    def __init__(self, number: int, channel: Channel, stdin: PipeWriter | None) -> None:
        self.pid = 0
        self.stdin = stdin
        self.stopped = False
        """Whether the worker told it to stop."""
        self.overflowed: int | None = None
        """Number of the output that exceeded its `max_bytes`."""
        self.failure: str | None = None
        """Reason why the program could not be started."""
        self.reads: ReadSupervisor | None = None
        """Answers its reads that wait; it ends with the child."""
        self._number = number
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._readers: list[PipeReader] = []
        self._exit: Exit | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._started = asyncio.Event()
        self._finished = asyncio.Event()

    def add_reader(self, number: int, descriptor: int, output: Output) -> None:
        """Read output `number` from a pipe; called by the spawner."""
        total = 0

        def feed(chunk: bytes) -> None:
            nonlocal total
            total += len(chunk)
            if output.max_bytes is not None and total > output.max_bytes:
                if self.overflowed is None:
                    self.overflowed = number
                    self.kill()
                return
            output.feed(chunk)

        self._readers.append(PipeReader(descriptor, feed, self._finish_when_drained, pause_s=output.pause_s))

    def supervise(self, reads: ReadSupervisor) -> None:
        """Let `reads` answer the reads of the child that wait; it ends with the child."""
        self.reads = reads
        if self._exit is not None:
            self._end_reads()

    def handle(self, message: Message) -> None:
        """Handle a message of the spawner program about this child."""
        if message["is"] == "started":
            self.pid = message["pid"]
        elif message["is"] == "failed":
            self.failure = message["reason"]
            self._end(Exit(None, None, 0.0, 0))
        else:
            status = message["status"]
            code, number = (status, None) if status >= 0 else (None, -status)
            self._end(Exit(code, number, message["cpu_seconds"], message["max_rss_bytes"]))
        self._started.set()

    def handle_lost_spawner(self) -> None:
        """Handle the end of the spawner program: the kernel killed its children with it."""
        if self._exit is None:
            self._end(Exit(None, signal.SIGKILL, 0.0, 0))
        self._started.set()

    async def started(self) -> bool:
        """Wait until the child runs or cannot be started; return whether it ran."""
        await self._started.wait()
        return self.pid != 0

    async def wait(self) -> Exit:
        """Wait until the process has ended and its output is read. Cancelling this leaves the child running."""
        await self._finished.wait()
        return self._result()

    def kill(self) -> None:
        """Send SIGKILL to the process group, without waiting."""
        self.stopped = True
        self._signal(signal.SIGKILL)

    async def stop(self, grace_s: float = DEFAULT_GRACE_S) -> Exit:
        """Stop the process group with SIGTERM, after `grace_s` seconds with SIGKILL, and wait for its end.

        It may be called again, also with a shorter grace. A cancellation is raised after the end of the child.
        """
        if self._exit is None:
            self.stopped = True
            self._end_reads()
            if grace_s > 0:
                self._signal(signal.SIGTERM)
                self._timers.append(self._loop.call_later(grace_s, self._signal, signal.SIGKILL))
            else:
                self._signal(signal.SIGKILL)
        if not self._finished.is_set():
            await finish_then_cancel(self._finished.wait())
        return self._result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _signal(self, number: int) -> None:
        if self._exit is None:
            self._channel.send({"do": "kill", "id": self._number, "signal": number})

    def _end(self, result: Exit) -> None:
        self._exit = result
        self._end_reads()
        if self.stdin is not None:
            self.stdin.close()
        for reader in self._readers:
            reader.stop_pausing()
        self._timers.append(self._loop.call_later(_DRAIN_TIMEOUT_S, self._close_readers))
        self._finish_when_drained()

    def _end_reads(self) -> None:
        """Let reads fail that wait: a program does not answer SIGTERM meanwhile."""
        if self.reads is not None:
            self.reads.close()

    def _close_readers(self) -> None:
        for reader in self._readers:
            reader.close()

    def _finish_when_drained(self) -> None:
        if self._exit is None or not all(reader.closed for reader in self._readers):
            return
        for timer in self._timers:
            timer.cancel()
        self._finished.set()

    def _result(self) -> Exit:
        if self._exit is None:
            raise RuntimeError("the child has not ended")
        return self._exit
