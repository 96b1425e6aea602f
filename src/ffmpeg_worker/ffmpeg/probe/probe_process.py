"""A child process that describes files for one job, one request per line."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.ffmpeg.probe.probe_descriptors import LISTENER_TO
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.pipes import PipeWriter
from ffmpeg_worker.process.read_supervisor import ReadSupervisor, work_within
from ffmpeg_worker.process.spawner import PIPE, Spawner
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.waiting_reads import TICKETS, receive_listener
from ffmpeg_worker.tasks import race

PROBE_TIMEOUT_S = 60.0
"""Seconds for one file, with ffprobe or PyAV."""
INDEX_TIMEOUT_S = 600.0
"""Seconds for reading all packets of a file."""
_READS_ALL = frozenset({"about_frames", "join", "wants_index"})
MAX_REPLY_BYTES = 64 << 20
"""Longest description that is read, from ffprobe or PyAV."""


class ReplyReader:
    """Splits what a child writes into lines."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: asyncio.Future[bytes | None] | None = None
        self._has_ended = False

    def feed(self, chunk: bytes) -> None:
        """Add bytes."""
        self._buffer += chunk
        if b"\n" in chunk:
            self._wake()

    def end(self) -> None:
        """Note that no more bytes come."""
        self._has_ended = True
        self._wake()

    async def next_line(self) -> bytes | None:
        """Wait for the next line, without its end; `None`: the child has ended before."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._wake()
        return await self._waiting

    def _wake(self) -> None:
        if self._waiting is None or self._waiting.done():
            return
        line, end, rest = self._buffer.partition(b"\n")
        if end:
            self._buffer = rest
            self._waiting.set_result(bytes(line))
        elif self._has_ended:
            self._waiting.set_result(None)


class ProbeProcess:
    """A forked child that describes files one after the other."""

    def __init__(self, child: Child, requests: PipeWriter, replies: ReplyReader, listening: socket.socket) -> None:
        """`listening` receives the listener of its reads, and is closed with the child."""
        self._child = child
        self._listening = listening
        self._requests = requests
        self._replies = replies
        self._root = Path("/")
        self._ended = asyncio.ensure_future(child.wait())
        self._ended.add_done_callback(lambda _: self._handle_end())

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it can describe files."""
        return not self._ended.done()

    @property
    def end(self) -> Exit | None:
        """Exit of the child process; None while it runs, or if the worker stopped it."""
        return None if self.alive or self._child.stopped else self._ended.result()

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it has used until its end; 0 while it runs."""
        return self._ended.result().cpu_seconds if self._ended.done() else 0.0

    def confine(self, confinement: Confinement | None, root: Path, *, by_range: bool = False) -> None:
        """Confine the child and make paths relative to `root`; must be called before `ask`.

        `by_range` allows files whose bytes are fetched when they are read, for a confined child.
        """
        if confinement is not None and by_range:
            confinement = replace(confinement, tickets=len(TICKETS), listener_to=LISTENER_TO)
        message = {"confinement": confinement and confinement.as_message(), "root": str(root)}
        self._requests.write(json.dumps(message).encode() + b"\n")
        self._root = root

    async def ask(
        self,
        path: Path,
        *,
        file: WaitingFile | None = None,
        files: Mapping[str, WaitingFile] | None = None,
        **options: Any,
    ) -> dict[str, Any] | None:
        """Send a request about a file, with those of its `options` that are not false; see `answer_requests`.

        The bytes of a `file`, and of the `files` that the request names, are fetched when they are read; the time
        limit does not count that.

        Return the reply, or None if the child died (see `end`) or took too long.
        """
        request = {name: value for name, value in options.items() if value}
        request["path"] = self._shown(path)
        if file is not None:
            reads = await self._supervise()
            if reads is None:
                return None
            request["ticket"] = reads.issue_ticket(file)
        if files:
            reads = await self._supervise()
            if reads is None:
                return None
            request["tickets"] = {name: reads.issue_ticket(one) for name, one in files.items()}
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            timeout_s = INDEX_TIMEOUT_S if _READS_ALL & request.keys() else PROBE_TIMEOUT_S
            reply = await work_within(timeout_s, self._child.reads, self._read_reply)
            return None if reply is None else json.loads(reply)
        except TimeoutError:
            await self.close()
            return None

    async def _read_reply(self) -> bytes | None:
        return await self._replies.next_line()

    async def _supervise(self) -> ReadSupervisor | None:
        """Begin to answer the reads of the child once it is confined; `None`: it ended before."""
        if self._child.reads is None:
            listener = await race(_receive(self._listening), asyncio.shield(self._ended))
            if listener is None:
                return None
            self._child.supervise(ReadSupervisor(listener))
        return self._child.reads

    def _shown(self, path: Path) -> str:
        # The job's user may not search the parent directories of its root.
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)

    def _handle_end(self) -> None:
        self._replies.end()
        self._listening.close()

    async def close(self) -> None:
        """Stop the child."""
        await self._child.stop(0)
        await self._ended


async def fork_probe_process(forks: Spawner) -> ProbeProcess:
    """Fork a child from the preloaded process of `forks`.

    Raises:
        EngineUnavailable: the process cannot be started.
    """
    replies = ReplyReader()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        with theirs:
            child = await forks.start(
                (),
                cwd=Path("/"),
                env={},
                stdin=PIPE,
                outputs={1: Output(replies.feed, MAX_REPLY_BYTES), LISTENER_TO: theirs.fileno()},
            )
        if child.stdin is None:
            raise EngineUnavailable("The embedded probe was started without a pipe.")
    except BaseException:
        ours.close()
        raise
    return ProbeProcess(child, child.stdin, replies, ours)


async def _receive(listening: socket.socket) -> int | None:
    """Receive the listener of a child; `None`: it has ended without."""
    loop, descriptor = asyncio.get_running_loop(), listening.fileno()
    is_readable = asyncio.Event()
    loop.add_reader(descriptor, is_readable.set)
    try:
        await is_readable.wait()
        return receive_listener(listening)
    finally:
        loop.remove_reader(descriptor)
