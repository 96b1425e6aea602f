"""Copies bytes between a connection and a file, in a thread, as long as the other end keeps up.

Each function makes one turn and returns: when it has copied enough, has worked for `TURN_S`, or the other end is
slow. A slow end is waited for on the event loop, so that it does not keep a thread.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass

TURN_S = 0.1
"""Seconds after which a turn ends, so that other connections get the thread."""
_WAIT_MS = 4
"""A turn waits that long for the other end: starting another turn costs more."""
_BLOCK_BYTES = 512 << 10
_SENT_BYTES = 4 << 20
"""One call of `sendfile` goes on as long as the receiver is as fast."""
_MAX_PIECES = 1024
"""Pieces of one system call: IOV_MAX."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Result of one turn.

    Attributes:
        count: bytes that were taken from the source.
        is_closed: the connection has ended.
        problem: the file cannot be written or sent, or has no more bytes (EOFError). Bytes that arrived count,
            although some of them may not be in the file.
    """

    count: int
    is_closed: bool = False
    problem: OSError | EOFError | None = None


def copy_from_socket(
    connection: int, file: int, at: int, count: int, *, turn_s: float = TURN_S, memory: memoryview | None = None
) -> Turn:
    """Copy up to `count` bytes that arrive at a non-blocking socket to a file, from the offset `at` on.

    They pass through `memory`, or through memory of this turn.
    """
    end = time.monotonic() + turn_s
    # Not kept between turns: there are many connections.
    block = memoryview(bytearray(min(_BLOCK_BYTES, count))) if memory is None else memory
    done = 0
    while done < count and time.monotonic() < end:
        try:
            arrived = os.readv(connection, [block[: count - done]])
        except BlockingIOError:
            if _is_ready(connection, select.POLLIN):
                continue
            break
        except OSError:  # the sender has reset the connection
            return Turn(done, is_closed=True)
        if not arrived:
            return Turn(done, is_closed=True)
        try:
            write_all(file, [block[:arrived]], at + done)
        except OSError as error:
            return Turn(done + arrived, problem=error)
        done += arrived
    return Turn(done)


def count_ready(connection: int) -> int:
    """The number of bytes that have arrived at a socket; 0 if it is closed."""
    found = array.array("i", [0])
    try:
        fcntl.ioctl(connection, termios.FIONREAD, found)
    except OSError:
        return 0
    return found[0]


def copy_to_socket(connection: int, file: int, at: int, count: int) -> Turn:
    """Send up to `count` bytes of a file, from the offset `at` on, to a non-blocking socket.

    The kernel copies them. The turn has a `problem` if the file cannot be sent like that, and at its end.
    """
    end = time.monotonic() + TURN_S
    done = 0
    while done < count and time.monotonic() < end:
        try:
            sent = os.sendfile(connection, file, at + done, min(_SENT_BYTES, count - done))
        except BlockingIOError:
            if _is_ready(connection, select.POLLOUT):
                continue
            break
        except ConnectionError:
            return Turn(done, is_closed=True)
        except OSError as error:
            return Turn(done, problem=error)
        if not sent:
            return Turn(done, problem=EOFError())
        done += sent
    return Turn(done)


def write_all(file: int, pieces: Sequence[bytes | bytearray | memoryview], offset: int) -> None:
    """Write pieces to a file, one after the other, from an offset on.

    Raises:
        OSError: the disk is full, or fails.
    """
    left = [memoryview(piece) for piece in pieces]
    while left:
        count = os.pwritev(file, left[:_MAX_PIECES], offset)
        offset += count
        while left and count >= len(left[0]):
            count -= len(left.pop(0))
        if count:
            left[0] = left[0][count:]


def _is_ready(connection: int, event: int) -> bool:
    waiting = select.poll()
    waiting.register(connection, event)
    return bool(waiting.poll(_WAIT_MS))
