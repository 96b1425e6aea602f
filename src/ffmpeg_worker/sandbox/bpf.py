"""Programs of seccomp filters: instructions of classic BPF, and the installation of a program.

See https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import struct

from ffmpeg_worker.sandbox.kernel import PR_SET_SECCOMP, prctl, syscall

ALLOW, KILL, ERRNO, NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
"""Answers of a filter; an error number is added to `ERRNO`."""
LOAD, JUMP, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCH_AT = 0, 4
"""Places in `struct seccomp_data`, in bytes."""

_MODE_FILTER = 2
_SET_MODE_FILTER = 1
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5


class Filter:
    """A filter program that is ready to install; made before the fork."""

    def __init__(self, program: bytes) -> None:
        self._code = ctypes.create_string_buffer(program, len(program))
        self._head = ctypes.create_string_buffer(
            struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(self._code)), 16
        )

    def install(self) -> None:
        """Install it for this thread and all its descendants; requires no_new_privs. Raises OSError."""
        prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(self._head))

    def install_with_listener(self, seccomp_number: int) -> int:
        """Install it likewise, and return the descriptor that receives the notices of the filter.

        `seccomp_number` is the number of the system call `seccomp`. Where the kernel can (5.19), a received notice
        is withdrawn by fatal signals only: other ones would repeat the system call. Raises OSError.
        """
        try:
            flags = _NEW_LISTENER | _WAIT_KILLABLE
            return syscall(seccomp_number, _SET_MODE_FILTER, flags, ctypes.byref(self._head))
        except OSError:
            return syscall(seccomp_number, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(self._head))


def argument_at(index: int) -> int:
    """The place of the lower half of an argument, from 0, in `struct seccomp_data` on little-endian machines."""
    return 16 + 8 * index


def op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def if_number(number: int, *then: bytes) -> list[bytes]:
    """Run `then` for one system call only; every path through it must return."""
    return [op(JUMP_EQUAL, number, 0, len(then)), *then]


def if_in_range(numbers: range, *then: bytes) -> list[bytes]:
    """Run `then` if the loaded value is one of `numbers`."""
    return [
        op(JUMP_AT_LEAST, numbers.start, 0, len(then) + 1),
        op(JUMP_AT_LEAST, numbers.stop, len(then), 0),
        *then,
    ]
