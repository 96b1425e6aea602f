"""The worker's end of a notifying filter: receives notices of system calls, and answers them.

See https://man7.org/linux/man-pages/man2/seccomp_unotify.2.html. Answers are no security decision: the arguments
of a system call may change before the kernel goes on with it.
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass

_RECEIVE, _ANSWER, _ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40182103
_CONTINUE = 1
_SET_NUMBER, _AND_ANSWER = 1, 2
_NOTICE = struct.Struct("=QIIiIQ6Q")
_REPLY = struct.Struct("=QqiI")
_ADDITION = struct.Struct("=QIIII")


@dataclass(frozen=True, slots=True)
class Notice:
    """A system call that waits for an answer: its number, and its arguments as 64-bit numbers."""

    id: int
    number: int
    arguments: tuple[int, ...]


def receive_notice(listener: int) -> Notice | None:
    """Receive a notice after `listener` has become readable; `None`: it has been withdrawn.

    Raises OSError.
    """
    buffer = bytearray(_NOTICE.size)  # the kernel insists on zeros
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer, True)
    except (FileNotFoundError, InterruptedError):
        return None
    number, _thread, _flags, call, _arch, _pointer, *arguments = _NOTICE.unpack(buffer)
    return Notice(number, call, tuple(arguments))


def let_continue(listener: int, notice: Notice) -> None:
    """Let the kernel make the system call. Raises OSError: the caller is gone, or was interrupted."""
    fcntl.ioctl(listener, _ANSWER, _REPLY.pack(notice.id, 0, 0, _CONTINUE))


def fail(listener: int, notice: Notice, error: int) -> None:
    """Let the system call fail with an error number. Raises OSError, see `let_continue`."""
    fcntl.ioctl(listener, _ANSWER, _REPLY.pack(notice.id, 0, -error, 0))


def answer_with_descriptor(listener: int, notice: Notice, descriptor: int, number: int) -> None:
    """Put a copy of `descriptor` at `number` in the caller, and let the system call return that number.

    It waits until the caller has run. Raises OSError, see `let_continue`.
    """
    addition = _ADDITION.pack(notice.id, _SET_NUMBER | _AND_ANSWER, descriptor, number, os.O_CLOEXEC)
    fcntl.ioctl(listener, _ADD_DESCRIPTOR, addition)
