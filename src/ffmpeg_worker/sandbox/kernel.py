"""System calls that Python does not wrap."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_GET_SECCOMP = 21
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
_CLOSE_RANGE = 436  # on every architecture
_LAST_DESCRIPTOR = 0xFFFFFFFF

# Loaded before any fork, so that a child need not load it.
_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
if _libc is not None:
    _libc.syscall.restype = ctypes.c_long
# Keeps the interpreter's lock, as the child goes on with it.
_forking: Any = ctypes.PyDLL(None, use_errno=True) if sys.platform == "linux" else None


def syscall(number: int, *arguments: Any) -> int:
    """Make a system call; integers are passed as longs. Raises OSError."""
    longs = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *longs)))


def prctl(option: int, *arguments: Any) -> int:
    """Call prctl(2), which reads or changes attributes of this process. Raises OSError."""
    longs = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    return _checked(int(_libc.prctl(option, *longs, *[ctypes.c_ulong(0)] * (4 - len(longs)))))


def end_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent, process `parent`, ends; exit if it has ended already."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above took effect
        os._exit(127)


def fork() -> int:
    """Fork this process, which has one thread; returns as `os.fork` does.

    `os.fork` calls the hooks of threading, logging and random in the child. They write to 130 pages, which copies
    them, and only matter to processes with several threads or with random numbers of their own.

    Raises:
        OSError: the process cannot be forked.
    """
    if _forking is None:
        return os.fork()
    # The C library's own hooks run.
    return _checked(int(_forking.fork()))


def close_from(first: int) -> None:
    """Close all descriptors from `first` on. Raises OSError before Linux 5.9, and on other systems."""
    if _libc is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    syscall(_CLOSE_RANGE, first, _LAST_DESCRIPTOR, 0)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


# Made before any fork: every child drops them all.
_CAPABILITIES = tuple(ctypes.c_ulong(number) for number in range(_LAST_CAPABILITY + 1))
_NO_ARGUMENTS = (ctypes.c_ulong(0),) * 3
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()


def drop_capabilities() -> None:
    """Empty the bounding and ambient sets; without CAP_SETPCAP the bounding set stays, and is harmless."""
    for number in _CAPABILITIES:
        if _libc.prctl(PR_CAPBSET_DROP, number, *_NO_ARGUMENTS) < 0:  # no such capability, or no CAP_SETPCAP
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def clear_capabilities() -> None:
    """Empty the effective, permitted and inheritable sets, which `drop_capabilities` leaves."""
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    _checked(int(_libc.capset(ctypes.byref(header), _NO_CAPABILITIES)))
