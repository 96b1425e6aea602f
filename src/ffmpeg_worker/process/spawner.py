"""Starts child processes through a spawner program, which they never outlive.

No other module starts processes.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.child import Child, Output
from ffmpeg_worker.process.pipes import PipeWriter
from ffmpeg_worker.process.read_supervisor import ReadSupervisor
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.process.wire import Message
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.waiting_reads import receive_listener
from ffmpeg_worker.tasks import finish_then_cancel

PIPE = -1
"""Value of `stdin` that makes a pipe; `Child.stdin` writes to it."""

_START_TIMEOUT_S = 30.0
_CLOSE_TIMEOUT_S = 10.0
_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class _Program:
    """A running spawner program and its children."""

    def __init__(self, preload: str | None, *, background: bool) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _popen_spawner(theirs, preload, background=background)
            except BaseException:
                ours.close()
                raise
        self.channel = Channel(ours, self._receive, self._lose_children)
        self.ended = asyncio.Event()
        self._children: dict[int, Child] = {}
        self._last = 0

    def launch(self, request: Message, stdin: int | None, outputs: Mapping[int, Output | int]) -> Child:
        """Request a child process and return its handle before it runs.

        `request` is a "start" message (see spawner_program.py) without `id` and `descriptors`.
        """
        given, ours = _open_descriptors(stdin, outputs)
        self._last += 1
        child = Child(self._last, self.channel, PipeWriter(ours[0]) if 0 in ours else None)
        self._children[self._last] = child
        for number, output in outputs.items():
            if isinstance(output, Output):
                child.add_reader(number, ours[number], output)
        self.channel.send({"do": "start", "id": self._last, "descriptors": len(given), **request}, given)
        if self.channel.lost:
            self._lose_children()
        return child

    def kill(self) -> None:
        """Kill the program and with it all its children."""
        self._process.kill()
        self._process.wait()
        self.channel.close()

    def _receive(self, message: Message) -> None:
        child = self._children.get(message["id"])
        if child is not None:
            child.handle(message)
            if message["is"] != "started":
                del self._children[message["id"]]

    def _lose_children(self) -> None:
        for child in self._children.values():
            child.handle_lost_spawner()
        self._children.clear()
        self.ended.set()


class Spawner:
    """Starts child processes on one event loop, many at once.

    Use it as a context manager, or call `open` and `close`.
    """

    def __init__(self, *, preload: str | None = None, background: bool = True) -> None:
        """Set what the children have in common.

        Args:
            preload: "module:function" that children without arguments call.
            background: whether children yield CPU and memory to the worker.
        """
        self._preload = preload
        self._background = background
        self._program: _Program | None = None
        self._closed = False

    async def open(self) -> None:
        """Start the spawner program, so that the first child does not wait for it."""
        self._closed = False
        self._ensure_program()

    async def close(self) -> None:
        """Kill all children, end the spawner program and wait for it."""
        self._closed = True
        program, self._program = self._program, None
        if program is None:
            return
        program.channel.end()
        timer = asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_S, program.kill)
        try:
            await finish_then_cancel(program.ended.wait())
        finally:
            timer.cancel()
            program.kill()

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        outputs: Mapping[int, Output | int],
        stdin: int | None = None,
        confinement: Confinement | None = None,
        files: Sequence[WaitingFile] = (),
    ) -> Child:
        """Start a program, or call the preloaded function in a child.

        Args:
            argv: the path of the program and its arguments; empty: the preloaded function is called with standard
                input and output of the child as binary files.
            cwd: working directory.
            env: the whole environment.
            outputs: by descriptor (1, 2, 3 …) either an `Output` that reads it, or an open descriptor, which the
                caller keeps. Descriptors in between are connected to the null device.
            stdin: an open descriptor, which the caller keeps, `PIPE`, or None for the null device.
            confinement: what the program may access; None: everything.
            files: files that it reads while their bytes arrive, by the first of `waiting_reads.TICKETS`; only for
                a confined program.

        Raises:
            EngineUnavailable: the program cannot be started.
        """
        request: Message = {"argv": list(argv), "cwd": str(cwd), "env": dict(env)}
        if confinement is None or not files:
            request["confinement"] = confinement and confinement.as_message()
            return await self._launch(request, stdin, outputs)
        number = max((2, *outputs)) + 1
        request["confinement"] = replace(confinement, tickets=len(files), listener_to=number).as_message()
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                child = await self._launch(request, stdin, {**outputs, number: theirs.fileno()})
            listener = receive_listener(ours)  # sent before the child counts as started
        if listener is not None:
            child.supervise(ReadSupervisor(listener, files))
        return child

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _ensure_program(self) -> _Program:
        if self._closed:
            raise EngineUnavailable("The worker is shutting down and starts no more programs.")
        if self._program is not None and self._program.channel.lost:
            self._program.kill()
            self._program = None
        if self._program is None:
            self._program = _Program(self._preload, background=self._background)
        return self._program

    async def _launch(self, request: Message, stdin: int | None, outputs: Mapping[int, Output | int]) -> Child:
        for _ in range(2):  # a spawner program that died is replaced once
            program = self._ensure_program()
            child = program.launch(request, stdin, outputs)
            try:
                async with asyncio.timeout(_START_TIMEOUT_S):
                    started = await child.started()
            except TimeoutError:
                program.kill()
                started = False
            except BaseException:
                await child.stop(0)
                raise
            if started:
                return child
            if child.failure is not None:
                name = Path(request["argv"][0]).name if request["argv"] else "The preloaded program"
                raise EngineUnavailable(f"{name} cannot be started.", detail=child.failure)
        raise EngineUnavailable("The spawner program ended unexpectedly, twice.")


def _popen_spawner(control: socket.socket, preload: str | None, *, background: bool) -> subprocess.Popen[bytes]:
    # The search path of the worker, so that the preloaded module can be imported.
    code = f"import sys; sys.path[:] = {sys.path!r}; from ffmpeg_worker.process.spawner_program import main; "
    code += f"main({preload!r}, background={background!r})"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        cwd="/",
        # Children that parse untrusted files are forked from it: no secret of the worker may be in its memory.
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        start_new_session=True,  # so that Ctrl-C reaches the worker only, also while the program starts
    )


def _open_descriptors(stdin: int | None, outputs: Mapping[int, Output | int]) -> tuple[list[int], dict[int, int]]:
    """Open descriptors 0, 1, 2 … for a child, and return with them the worker's ends of pipes by number."""
    theirs: list[int] = []
    ours: dict[int, int] = {}
    try:
        for number in range(max((2, *outputs)) + 1):
            output = outputs.get(number)
            if isinstance(output, Output):
                ours[number], writing = os.pipe()
                theirs.append(writing)
            elif output is not None:
                theirs.append(os.dup(output))
            elif number == 0 and stdin == PIPE:
                reading, ours[0] = os.pipe()
                theirs.append(reading)
            elif number == 0 and stdin is not None:
                theirs.append(os.dup(stdin))
            else:
                theirs.append(os.open(os.devnull, os.O_RDWR))
    except OSError:
        for descriptor in (*theirs, *ours.values()):
            os.close(descriptor)
        raise
    return theirs, ours
