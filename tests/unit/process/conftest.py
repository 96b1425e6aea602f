"""A spawner program that is driven by its messages."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.process.wire import Message, MessageReader, encode_message

TESTS = Path(__file__).parents[2]


class Program:
    """A running spawner program and the other end of its socket."""

    def __init__(self, preload: str | None) -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(10)
        code = f"import sys; sys.path[:] = {[*sys.path, str(TESTS)]!r}; "
        code += "from ffmpeg_worker.process.spawner_program import main; "
        code += f"main({preload!r}, background=False)"
        with theirs:
            self.process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=theirs.fileno())
        self._reader = MessageReader()
        self._messages: list[Message] = []

    def start(self, number: int, *argv: str, descriptors: tuple[int, ...] = (), **more: Any) -> None:
        request = {"do": "start", "id": number, "argv": argv, "cwd": "/", "env": {}, "confinement": None, **more}
        data = encode_message({**request, "descriptors": len(descriptors)})
        socket.send_fds(self.control, [data], descriptors)

    def kill(self, number: int, signal: int) -> None:
        self.control.sendall(encode_message({"do": "kill", "id": number, "signal": signal}))

    def receive(self) -> Message:
        while not self._messages:
            self._messages += self._reader.feed(self.control.recv(65536))
        return self._messages.pop(0)

    def close(self) -> None:
        self.control.close()
        self.process.wait(10)


@pytest.fixture
def start_program() -> Iterator[Callable[..., Program]]:
    """Start spawner programs, which end with the test; `preload` as for `main`."""
    programs: list[Program] = []

    def start(preload: str | None = None) -> Program:
        programs.append(Program(preload))
        return programs[-1]

    yield start
    for program in programs:
        program.close()
