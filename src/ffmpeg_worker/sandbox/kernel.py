"""System calls that Python has no name for."""

from __future__ import annotations

import ctypes
import os
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

# Loaded before any fork: nothing of it is left to do in a child.
_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
if _libc is not None:
    _libc.syscall.restype = ctypes.c_long


def syscall(number: int, *arguments: Any) -> int:
    """Call the kernel; an integer is passed as a long. Raises OSError."""
    longs = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *longs)))


def prctl(option: int, *arguments: Any) -> int:
    """Set or ask something about this process. Raises OSError."""
    longs = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    return _checked(int(_libc.prctl(option, *longs, *[ctypes.c_ulong(0)] * (4 - len(longs)))))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()


def drop_capabilities() -> None:
    """Give up every capability for good; whoever may not change the bounding set has nothing to gain from it."""
    for number in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:  # the kernel has no such capability, or we have none to drop
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def clear_capabilities() -> None:
    """Empty the sets that are in force, what `drop_capabilities` leaves."""
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    _checked(int(_libc.capset(ctypes.byref(header), _NO_CAPABILITIES)))
