"""A running child process as its user sees it: wait for it, stop it, read and write its pipes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.pipes import PipeReader, PipeWriter
from ffmpeg_worker.process.wire import Message
from ffmpeg_worker.tasks import finish_then_cancel

DEFAULT_GRACE_S = 1.0
"""Seconds between SIGTERM and SIGKILL: what a stopped job has written is thrown away, so it need not finish."""

# A grandchild that left the group may hold a pipe open for ever; what the child itself wrote is there at once.
_DRAIN_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Exit:
    """How a child ended: `code`, or the `signal` that ended it; and what it used."""

    code: int | None
    signal: int | None
    cpu_seconds: float
    max_rss_bytes: int


@dataclass(frozen=True)
class Output:
    """What becomes of a child's output: every chunk goes to `feed`; beyond `max_bytes` the child is killed.

    `pause_s` lets small pieces gather while the child runs.
    """

    feed: Callable[[bytes], None]
    max_bytes: int | None = None
    pause_s: float = 0.0


class Child:
    """A running child process, leader of its own group; `Spawner` makes them.

    As a context manager it stops the child on the way out, whatever the way, if it still runs.
    """

    def __init__(self, number: int, link: Channel, stdin: PipeWriter | None) -> None:
        self.pid = 0
        self.stdin = stdin
        self.stopped = False
        """Whether we ended it (or tried to)."""
        self.overflowed: int | None = None
        """The number of the output that went over its `max_bytes`."""
        self.failure: str | None = None
        """Why the program could not be loaded."""
        self._number = number
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._readers: list[PipeReader] = []
        self._exit: Exit | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._started = asyncio.Event()
        self._finished = asyncio.Event()

    def read(self, number: int, descriptor: int, output: Output) -> None:
        """Attach the reader of one output (for the spawner)."""
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

    def hear(self, message: Message) -> None:
        """Take a message of the spawner program about this child."""
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

    def lose(self) -> None:
        """The spawner program is gone; the kernel killed its children with it."""
        if self._exit is None:
            self._end(Exit(None, signal.SIGKILL, 0.0, 0))
        self._started.set()

    async def started(self) -> bool:
        """Whether it runs or ran; waits until that is known."""
        await self._started.wait()
        return self.pid != 0

    async def wait(self) -> Exit:
        """Wait for the end of the process and of its output; cancelling this leaves the child running."""
        await self._finished.wait()
        return self._result()

    def kill(self) -> None:
        """Send SIGKILL to the group, without waiting."""
        self.stopped = True
        self._signal(signal.SIGKILL)

    async def stop(self, grace_s: float = DEFAULT_GRACE_S) -> Exit:
        """End the group: SIGTERM, after `grace_s` seconds SIGKILL; returns when all is over.

        May be called again, also to shorten the grace. A cancellation meanwhile is raised after the end.
        """
        if self._exit is None:
            self.stopped = True
            if grace_s > 0:
                self._signal(signal.SIGTERM)
                self._timers.append(self._loop.call_later(grace_s, self._signal, signal.SIGKILL))
            else:
                self._signal(signal.SIGKILL)
        await finish_then_cancel(self._finished.wait())
        return self._result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _signal(self, number: int) -> None:
        if self._exit is None:
            self._link.send({"do": "kill", "id": self._number, "signal": number})

    def _end(self, result: Exit) -> None:
        self._exit = result
        if self.stdin is not None:
            self.stdin.close()
        for reader in self._readers:
            reader.hurry()
        self._timers.append(self._loop.call_later(_DRAIN_TIMEOUT_S, self._close_readers))
        self._finish_when_drained()

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
