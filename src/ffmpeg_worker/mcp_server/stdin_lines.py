"""Standard input as lines that an event loop can await, and stop awaiting."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

_STDIN = 0
_FIRST_FREE = 3
_CHUNK = 1 << 16
_WAITING_LINES = 16


async def read_stdin_lines() -> AsyncIterator[str]:
    """Yield the lines of standard input until its end.

    A thread reads them, since not every kind of standard input can be watched by an event loop. It reads the
    descriptor itself and ends with the process, so that a server that is stopped need not wait for another line.
    Meanwhile, standard input of this process and its children is empty.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue(_WAITING_LINES)

    def read() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            rest = b""
            while chunk := _read(descriptor):
                *complete, rest = (rest + chunk).split(b"\n")
                for line in complete:
                    asyncio.run_coroutine_threadsafe(lines.put(line.decode("utf-8", "replace")), loop).result()
            asyncio.run_coroutine_threadsafe(lines.put(None), loop).result()

    descriptor = _take_stdin()
    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _take_stdin() -> int:
    """Return a descriptor of standard input, which nobody else has; descriptor 0 becomes the null device."""
    try:
        taken = fcntl.fcntl(_STDIN, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    except OSError:  # it is closed
        taken = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    if nothing != _STDIN:
        os.dup2(nothing, _STDIN)
        os.close(nothing)
    return taken


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # a terminal that was closed
        return b""
