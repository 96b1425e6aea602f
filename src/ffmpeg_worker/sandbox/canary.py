"""A harmless program that tries what a compromised FFmpeg would try, and reports what succeeded.

It is confined like a job's FFmpeg. Its environment holds the paths to try as JSON. It answers with a line of JSON,
the error of each attempt (`null`: it succeeded), then, if it could not start a shell, the line `still here`.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

VARIABLE = "CANARY"
STILL_HERE = b"still here\n"
_SHELL = "/bin/sh"


def serve(_requests: BinaryIO, answers: BinaryIO) -> None:
    """Make all attempts and write the answer."""
    paths = json.loads(os.environ[VARIABLE])
    report = {name: _outcome(attempt) for name, attempt in _attempts(paths).items()}
    answers.write(json.dumps(report).encode() + b"\n")
    answers.flush()
    try:
        os.execv(_SHELL, [_SHELL, "-c", ":"])  # noqa: S606 - the sandbox must make this fail
    except OSError:
        answers.write(STILL_HERE)


def _attempts(paths: dict[str, str]) -> dict[str, Callable[[], object]]:
    return {
        "own file written": lambda: Path("made").write_bytes(b"x"),
        "own file read": lambda: Path("made").read_bytes(),
        "input read": lambda: Path(paths["input"]).read_bytes(),
        "input written": lambda: Path(paths["input"]).open("ab").close(),
        "file outside read": lambda: Path(paths["outside"], "canary").read_bytes(),
        "file outside written": lambda: Path(paths["outside"], "made").write_bytes(b"x"),
        "/etc/passwd read": lambda: Path("/etc/passwd").read_bytes(),
        "worker's command line read": lambda: Path(f"/proc/{paths['worker']}/cmdline").read_bytes(),
        "worker signalled": lambda: os.kill(int(paths["worker"]), 0),
        "socket opened": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "unix socket opened": lambda: socket.socket(socket.AF_UNIX).close(),
        "process started": _fork,
    }


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def _outcome(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    return None
