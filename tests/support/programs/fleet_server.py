"""Loads the worker once, and starts every process of a fleet as a fork of itself, which saves most of their start.

Argument: the descriptor of a Unix socket with packets. For each process it receives the arguments, the working
directory and the environment as JSON, with three descriptors: the log, which becomes stdout and stderr; the pipe
of --ready-fd; and a pipe that receives the exit code. It answers with the process id. When the socket is closed,
it kills all processes.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import ffmpeg_worker.api.openapi
import ffmpeg_worker.cli.serve
import ffmpeg_worker.cli.worker
import ffmpeg_worker.job_queue.job_queue
from ffmpeg_worker.cli import main as run_command
from ffmpeg_worker.job_queue import membership
from support.programs.late_compute import start_compute_when_needed
from support.programs.shared_capabilities import share_capabilities

PRELOADED = (
    ffmpeg_worker.api.openapi,
    ffmpeg_worker.cli.serve,
    ffmpeg_worker.cli.worker,
    ffmpeg_worker.job_queue.job_queue,
)
MAX_REQUEST_BYTES = 1 << 17


def main(control: socket.socket) -> None:
    """Serve until the socket is closed."""
    share_capabilities()
    start_compute_when_needed()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel forgets those that have ended
    started: list[int] = []
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 3)
        if not request:
            break
        pid = os.fork()
        if pid == 0:
            control.close()
            os._exit(_run(json.loads(request), *descriptors))
        started.append(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(pid).encode())
    for pid in started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _run(request: dict[str, Any], log: int, ready: int, ended: int) -> int:
    """Become the process, and return its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(0),
        os.fdopen(1, "w", buffering=1),
        os.fdopen(2, "w", buffering=1),
    )
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    if request["is_on_other_machine"]:
        # Nobody can look whether its process lives.
        membership._machine = lambda: f"machine {os.getpid()}"
    sys.argv = ["ffmpeg-worker", *request["arguments"], "--ready-fd", str(ready)]
    code: Any = 1
    try:
        run_command()
    except SystemExit as end:
        code = end.code
    os.write(ended, str(code).encode())
    return int(code or 0)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
