"""A harmless program that tries what a taken-over FFmpeg would try, and says what it got away with.

It runs like a job's FFmpeg. What to try stands in its environment as JSON; the answer is a line of JSON with what
each attempt ended in (`null`: it succeeded), then, if no shell could be started, the line `still here`.
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
    """Try everything and answer."""
    orders = json.loads(os.environ[VARIABLE])
    report = {name: _outcome(attempt) for name, attempt in _attempts(orders).items()}
    answers.write(json.dumps(report).encode() + b"\n")
    answers.flush()
    try:
        os.execv(_SHELL, [_SHELL, "-c", ":"])  # noqa: S606 - that this fails is what is tested
    except OSError:
        answers.write(STILL_HERE)


def _attempts(orders: dict[str, str]) -> dict[str, Callable[[], object]]:
    return {
        "own file written": lambda: Path("made").write_bytes(b"x"),
        "own file read": lambda: Path("made").read_bytes(),
        "input read": lambda: Path(orders["input"]).read_bytes(),
        "input written": lambda: Path(orders["input"]).open("ab").close(),
        "file outside read": lambda: Path(orders["outside"], "canary").read_bytes(),
        "file outside written": lambda: Path(orders["outside"], "made").write_bytes(b"x"),
        "/etc/passwd read": lambda: Path("/etc/passwd").read_bytes(),
        "worker's command line read": lambda: Path(f"/proc/{orders['worker']}/cmdline").read_bytes(),
        "worker signalled": lambda: os.kill(int(orders["worker"]), 0),
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
