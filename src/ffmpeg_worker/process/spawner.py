"""Child processes: the only file that may start any. They belong to a spawner program and never outlive it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ffmpeg_worker.errors import EngineUnavailable
from ffmpeg_worker.process.channel import Channel
from ffmpeg_worker.process.child import DEFAULT_GRACE_S, Child, Exit, Output
from ffmpeg_worker.process.pipes import PipeWriter
from ffmpeg_worker.process.wire import Message
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.tasks import finish_then_cancel

__all__ = ["DEFAULT_GRACE_S", "PIPE", "Child", "Exit", "Output", "Spawner"]

PIPE = -1
"""As `stdin`: make a pipe; `Child.stdin` writes to it."""

_START_TIMEOUT_S = 30.0
_CLOSE_TIMEOUT_S = 10.0
_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class _Program:
    """One run of the spawner program, with the children it has."""

    def __init__(self, preload: str | None, *, background: bool) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _popen_spawner(theirs, preload, background=background)
            except BaseException:
                ours.close()
                raise
        self.link = Channel(ours, self._hear, self._lose)
        self.ended = asyncio.Event()
        self._children: dict[int, Child] = {}
        self._last = 0

    def launch(self, request: Message, stdin: int | None, outputs: Mapping[int, Output | int]) -> Child:
        """Ask for one child; it may be waited for and stopped from now on."""
        given, ours = _open_descriptors(stdin, outputs)
        self._last += 1
        child = Child(self._last, self.link, PipeWriter(ours[0]) if 0 in ours else None)
        self._children[self._last] = child
        for number, output in outputs.items():
            if isinstance(output, Output):
                child.read(number, ours[number], output)
        self.link.send({"do": "start", "id": self._last, "descriptors": len(given), **request}, given)
        if self.link.lost:
            self._lose()
        return child

    def bury(self) -> None:
        """End the program, and with it all its children, now."""
        self._process.kill()
        self._process.wait()
        self.link.close()

    def _hear(self, message: Message) -> None:
        child = self._children.get(message["id"])
        if child is not None:
            child.hear(message)
            if message["is"] != "started":
                del self._children[message["id"]]

    def _lose(self) -> None:
        for child in self._children.values():
            child.lose()
        self._children.clear()
        self.ended.set()


class Spawner:
    """Starts children on one event loop, many at once; opened and closed, or used as a context manager."""

    def __init__(self, *, preload: str | None = None, background: bool = True) -> None:
        """`preload`: "module:function" for `fork`; `background`: children yield CPU and memory to the worker."""
        self._preload = preload
        self._background = background
        self._program: _Program | None = None
        self._closed = False

    async def open(self) -> None:
        """Start the spawner program, so that the first child need not wait for it."""
        self._closed = False
        self._running()

    async def close(self) -> None:
        """Kill all children, end the spawner program and wait for it."""
        self._closed = True
        program, self._program = self._program, None
        if program is None:
            return
        program.link.end()
        timer = asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_S, program.bury)
        try:
            await finish_then_cancel(program.ended.wait())
        finally:
            timer.cancel()
            program.bury()

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        outputs: Mapping[int, Output | int],
        stdin: int | None = None,
        confinement: Confinement | None = None,
    ) -> Child:
        """Run a program; `argv[0]` is its path, `env` all of its environment, `confinement` what it may touch.

        `stdin` is an open descriptor (stays the caller's), `PIPE`, or None for the empty device. `outputs` says
        which descriptors (1, 2, 3 …) are read, or are open ones that stay the caller's; gaps go to the empty
        device. Raises EngineUnavailable.
        """
        request = {**_describe(argv, confinement), "cwd": str(cwd), "env": dict(env)}
        return await self._launch(request, stdin, outputs)

    async def fork(
        self,
        *,
        cwd: Path,
        env: Mapping[str, str],
        outputs: Mapping[int, Output | int],
        stdin: int | None = None,
        confinement: Confinement | None = None,
    ) -> Child:
        """Like `start`, but the child calls the preloaded function with its standard input and output."""
        request = {**_describe((), confinement), "cwd": str(cwd), "env": dict(env)}
        return await self._launch(request, stdin, outputs)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _running(self) -> _Program:
        if self._closed:
            raise EngineUnavailable("The worker is closing and starts no more programs.")
        if self._program is not None and self._program.link.lost:
            self._program.bury()
            self._program = None
        if self._program is None:
            self._program = _Program(self._preload, background=self._background)
        return self._program

    async def _launch(self, request: Message, stdin: int | None, outputs: Mapping[int, Output | int]) -> Child:
        for _ in range(2):  # a spawner program that died is replaced once
            program = self._running()
            child = program.launch(request, stdin, outputs)
            try:
                async with asyncio.timeout(_START_TIMEOUT_S):
                    started = await child.started()
            except TimeoutError:
                program.bury()
                started = False
            except BaseException:
                await child.stop(0)
                raise
            if started:
                return child
            if child.failure is not None:
                name = Path(request["argv"][0]).name if request["argv"] else "The probe program"
                raise EngineUnavailable(f"{name} cannot be started.", detail=child.failure)
        raise EngineUnavailable("The program that starts ffmpeg ended unexpectedly, twice.")


def _describe(argv: Sequence[str], confinement: Confinement | None) -> Message:
    return {"argv": list(argv), "confinement": confinement and confinement.as_message()}


def _popen_spawner(control: socket.socket, preload: str | None, *, background: bool) -> subprocess.Popen[bytes]:
    # The worker's own search path: what it can import, the preloaded module can be imported from.
    code = f"import sys; sys.path[:] = {sys.path!r}; from ffmpeg_worker.process.spawner_program import main; "
    code += f"main({preload!r}, background={background!r})"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        cwd="/",
        # Children that parse strangers' files are forked from it: none of the worker's secrets in its memory.
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        start_new_session=True,  # a Ctrl-C is the worker's, also while the program starts
    )


def _open_descriptors(stdin: int | None, outputs: Mapping[int, Output | int]) -> tuple[list[int], dict[int, int]]:
    """The child's descriptors 0, 1, 2 … (all ours to close), and our ends of those that are pipes."""
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
