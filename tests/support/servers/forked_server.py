"""Programs that serve the API, as forks of a process that has loaded it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_DEADLINE_S = 60.0
_TESTS = Path(__file__).parents[2]


class ForkedServer:
    """A running program, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, stdin: TextIO, stdout: TextIO, end_pipe: int) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        self._end_pipe = end_pipe

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; `None` while it runs."""
        return self._read_status(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns its exit status. Raises `subprocess.TimeoutExpired`."""
        status = self._read_status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(["server"], timeout or 0)
        return status

    def close(self) -> None:
        """Close the pipes."""
        for stream in (self.stdin, self.stdout):
            with suppress(BrokenPipeError):
                stream.close()
        if self._end_pipe >= 0:
            os.close(self._end_pipe)
            self._end_pipe = -1

    def _read_status(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._end_pipe], [], [], timeout_s)[0]:
            self.returncode = int(os.read(self._end_pipe, 16) or -signal.SIGKILL)
        return self.returncode


def fork_server(program: Path, *, folder: Path, environment: Mapping[str, str], log: TextIO) -> ForkedServer:
    """Start a program with pipes as stdin and stdout; `log` becomes its stderr, `folder` its working directory."""
    (their_in, our_in), (our_out, their_out), (our_end, their_end) = os.pipe(), os.pipe(), os.pipe()
    request = {"program": str(program), "cwd": str(folder), "env": dict(environment)}
    theirs = (their_in, their_out, log.fileno(), their_end)
    control = _fork_maker()
    socket.send_fds(control, [json.dumps(request).encode()], theirs)
    for descriptor in (their_in, their_out, their_end):
        os.close(descriptor)
    return ForkedServer(int(control.recv(16)), os.fdopen(our_in, "w"), os.fdopen(our_out), our_end)


@functools.cache
def _fork_maker() -> socket.socket:
    """The socket of the process that is forked, which ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_DEADLINE_S)
    with theirs:
        program = [sys.executable, "-m", "support.programs.server_forks", str(theirs.fileno())]
        process = subprocess.Popen(program, cwd=_TESTS, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
