"""A fork server: it loads the worker once, and runs every command in a fork of itself.

Argument: the descriptor of a Unix socket with packets. For each command it receives the arguments, the working
directory and the environment as JSON, with the descriptors of stdin, stdout and stderr; it answers with the exit
code. The modules of the command line itself are loaded in the fork, as in a new process.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from typing import Any

import rich.progress
import rich.table

import ffmpeg_worker.open_services
from support.programs.shared_capabilities import share_capabilities

# Not aiohttp: it reads the trusted certificates, which a command's environment may name, when it is imported.
PRELOADED = (rich.progress, rich.table, ffmpeg_worker.open_services)
MAX_REQUEST_BYTES = 1 << 17


def main(control: socket.socket) -> None:
    """Serve until the socket is closed; returns in a fork, too, which ends with the exit code of its command."""
    share_capabilities()
    gc.freeze()
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 3)
        if not request:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_command(json.loads(request), descriptors)
            from ffmpeg_worker.cli import main as command

            command()
            return
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        control.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become_command(request: dict[str, Any], descriptors: list[int]) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["arguments"]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
