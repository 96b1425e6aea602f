"""The command `ffmpeg-worker` as a real process.

Commands that a test starts and signals are new processes; those that it only waits for are forks of a process that
has loaded the worker already, which saves most of their start.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import pty
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffmpeg_worker.settings import Settings, environment_variable_of

COMMAND = (sys.executable, "-m", "ffmpeg_worker")
_DEADLINE_S = 90
_TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """The result of a command that ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Terminal:
    """Runs commands in the folder `here`; their scratch directories are in `scratch`."""

    here: Path
    scratch: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The test's own environment without any setting of the worker."""
        known = {environment_variable_of(name) for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name not in known}
        return kept | {"FFMPEG_WORKER_SCRATCH_ROOT": str(self.scratch)} | more

    def call(
        self,
        *arguments: str,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Ended:
        """Run a command with stdout and stderr in pipes, or in the descriptors that are given."""
        (out, their_out), (errors, their_errors) = os.pipe(), os.pipe()
        with tempfile.TemporaryFile() as given, ThreadPoolExecutor(2) as readers:
            given.write(stdin.encode())
            given.seek(0)
            streams = (
                given.fileno(),
                their_out if stdout is None else stdout,
                their_errors if stderr is None else stderr,
            )
            self._fork(arguments, self.environment(**(env or {})), streams)
            texts = [readers.submit(_read_pipe, ours) for ours in (out, errors)]
            for theirs in (their_out, their_errors):
                os.close(theirs)
            code = _wait()
            return Ended(code, *(text.result() for text in texts))

    def run(self, job: Any, *options: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run a job, given on standard input."""
        return self.call("run", "-", *options, stdin=json.dumps(job), env=env)

    @contextmanager
    def started(self, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Start a command in its own process group, and kill it at the end of the context."""
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.here,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def watched(self, *arguments: str) -> tuple[int, str]:
        """Run a command whose stdout and stderr are a terminal; returns its exit code and the text shown."""
        ours, theirs = pty.openpty()
        with Path(os.devnull).open() as nothing:
            environment = self.environment(TERM="xterm", COLUMNS="200")
            self._fork(arguments, environment, (nothing.fileno(), theirs, theirs))
        os.close(theirs)
        seen = _read_all(ours)
        return _wait(), seen

    def _fork(self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> None:
        """Start a command in a fork of the fork server; `streams` become its stdin, stdout and stderr."""
        request = {"arguments": arguments, "cwd": str(self.here), "env": environment}
        socket.send_fds(_fork_server(), [json.dumps(request).encode()], streams)

    def leftovers(self) -> list[Path]:
        """Entries that workers left in the scratch folder."""
        return [*self.scratch.iterdir()] if self.scratch.exists() else []


def new_terminal(root: Path) -> Terminal:
    """A terminal in a new empty folder below `root`."""
    (root / "here").mkdir()
    return Terminal(root / "here", root / "scratch")


@functools.cache
def _fork_server() -> socket.socket:
    """The socket of a fork server, which ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_DEADLINE_S)
    with theirs:
        program = [sys.executable, "-m", "support.programs.fork_server", str(theirs.fileno())]
        process = subprocess.Popen(program, cwd=_TESTS, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _wait() -> int:
    """Wait for the command that was started last; returns its exit code."""
    return int(_fork_server().recv(16))


def _read_pipe(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8") as pipe:
        return pipe.read()


def _read_all(descriptor: int) -> str:
    """Read the output of a terminal until the last process has closed it."""
    seen = b""
    try:
        while chunk := os.read(descriptor, 65536):
            seen += chunk
    except OSError:  # Linux says EIO where others say end of file
        pass
    finally:
        os.close(descriptor)
    return seen.decode()
