"""Reads that wait: a filter notifies the worker when a child opens or reads a file whose bytes are still to come.

The child has tickets, descriptors of an empty file. `dup` of a ticket is notified, and the worker answers it with
a descriptor of a sparse file, at one of `FILE_NUMBERS`. Reads of these numbers are notified, too; the worker lets
them go on when the bytes are there. `close` is notified, so that a number can be used again. All other ways to the
content of these files are refused: they would find holes.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import platform
import socket
from functools import cache

from ffmpeg_worker.sandbox.bpf import (
    ALLOW,
    ARCH_AT,
    ERRNO,
    JUMP_EQUAL,
    LOAD,
    NOTIFY,
    NUMBER_AT,
    RETURN,
    Filter,
    argument_at,
    if_in_range,
    if_number,
    op,
)
from ffmpeg_worker.sandbox.syscalls import AUDIT_ARCH, NUMBERS

TICKETS = range(336, 400)
"""Descriptors that a child may exchange for a file."""
FILE_NUMBERS = range(400, 464)
"""Descriptors whose reads may wait."""
MIN_OPEN_FILES = 512
"""Limit of open files that a child with tickets needs at least."""

_DUPLICATING = (fcntl.F_DUPFD, 1030)  # F_DUPFD_CLOEXEC, which is missing on other systems
# By system call: the argument with the descriptor that it reads from. They would not wait.
_REFUSED = {
    "pread64": 0, "readv": 0, "preadv": 0, "preadv2": 0, "splice": 0, "copy_file_range": 0, "sendfile": 1,
    "mmap": 4, "dup2": 0, "dup3": 0,
}  # fmt: skip


def make_program(machine: str) -> bytes:
    """Build the filter; `machine` is a value of `platform.machine()`."""
    numbers = NUMBERS[machine]
    refuse, notify, allow = op(RETURN, ERRNO | errno.EACCES), op(RETURN, NOTIFY), op(RETURN, ALLOW)
    exchange = (
        op(LOAD, argument_at(0)),
        *if_in_range(TICKETS, notify),
        *if_in_range(FILE_NUMBERS, refuse),
        allow,
    )
    # Another architecture is the business of the main filter.
    code = [op(LOAD, ARCH_AT), op(JUMP_EQUAL, AUDIT_ARCH[machine], 1, 0), allow, op(LOAD, NUMBER_AT)]
    for name in ("read", "close"):
        code += if_number(numbers[name], op(LOAD, argument_at(0)), *if_in_range(FILE_NUMBERS, notify), allow)
    code += if_number(numbers["dup"], *exchange)
    code += if_number(
        numbers["fcntl"],
        op(LOAD, argument_at(1)),
        op(JUMP_EQUAL, _DUPLICATING[0], 2, 0),
        op(JUMP_EQUAL, _DUPLICATING[1], 1, 0),
        allow,
        *exchange,
    )
    for name, argument in _REFUSED.items():
        if name in numbers:
            reading = (op(LOAD, argument_at(argument)), *if_in_range(FILE_NUMBERS, refuse), allow)
            code += if_number(numbers[name], *reading)
    code += if_number(numbers["io_submit"], refuse)  # its descriptors are in memory
    code.append(allow)
    return b"".join(code)


@cache
def notifying_filter() -> Filter:
    """The filter for this machine."""
    return Filter(make_program(platform.machine()))


def place_tickets(count: int) -> None:
    """Make the first `count` tickets descriptors of this process. Raises OSError."""
    # A regular file, so that FFmpeg may seek in what it gets for it.
    empty = os.memfd_create("ticket", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    fcntl.fcntl(
        empty, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    )
    for number in TICKETS[:count]:
        os.dup2(empty, number, inheritable=True)
    os.close(empty)


def notify_reads(prepared: Filter, listener_to: int) -> None:
    """Install the filter in this process, and send the listener over the socket `listener_to`, which is closed.

    Raises OSError. Call it before the main filter is installed, which refuses the sending.
    """
    listener = prepared.install_with_listener(NUMBERS[platform.machine()]["seccomp"])
    try:
        with socket.socket(fileno=listener_to) as connection:
            rights = array.array("i", [listener])
            connection.sendmsg([b"l"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    finally:
        os.close(listener)


def receive_listener(connection: socket.socket) -> int | None:
    """Receive the listener that `notify_reads` has sent; `None`: the child has ended without.

    Raises BlockingIOError.
    """
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1, socket.MSG_CMSG_CLOEXEC)
    return descriptors[0] if descriptors else None
