"""Loads the API server once, and runs programs that serve it as forks of itself, which saves most of their start.

Argument: the descriptor of a Unix socket with packets. For each program it receives the path, the working
directory and the environment as JSON, with four descriptors: stdin, stdout and stderr of the program, and a pipe
that receives its exit status in the form of `os.waitstatus_to_exitcode`. It answers with the process id. When the
socket is closed, it kills all programs.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import ffmpeg_worker.api.openapi
import ffmpeg_worker.api.serve
import ffmpeg_worker.job_queue.job_queue
from support.programs.late_compute import start_compute_when_needed
from support.programs.shared_capabilities import share_capabilities

PRELOADED = (ffmpeg_worker.api.openapi, ffmpeg_worker.api.serve, ffmpeg_worker.job_queue.job_queue)
MAX_REQUEST_BYTES = 1 << 17


def main(control: socket.socket) -> None:
    """Serve until the socket is closed."""
    share_capabilities()
    start_compute_when_needed()
    gc.freeze()
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    end_pipes: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([control.fileno(), wake], [], [])
        if wake in readable:
            os.read(wake, 4096)
            _report_ended(end_pipes)
        if control.fileno() not in readable:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 4)
        if not request:
            break
        pid = os.fork()
        if pid == 0:
            for descriptor in (control.detach(), wake, waker, *end_pipes.values()):
                os.close(descriptor)
            os._exit(_run(json.loads(request), *descriptors))
        *streams, end_pipes[pid] = descriptors
        for descriptor in streams:
            os.close(descriptor)
        control.send(str(pid).encode())
    for pid in end_pipes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _report_ended(end_pipes: dict[int, int]) -> None:
    while end_pipes:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        pipe = end_pipes.pop(pid)
        with suppress(BrokenPipeError):
            os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(pipe)


def _run(request: dict[str, Any], stdin: int, stdout: int, stderr: int, end_pipe: int) -> int:
    """Become the program, and return its exit code."""
    os.close(end_pipe)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, descriptor in enumerate((stdin, stdout, stderr)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    code: Any = 0
    try:
        runpy.run_path(request["program"], run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
