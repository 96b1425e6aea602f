"""Landlock: a process gives up access to all files except those that its rules name.

See https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from contextlib import suppress

from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.kernel import syscall

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = READ_FILE | READ_DIR
_WRITE = _READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
_DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV
_RUN = READ_FILE | EXECUTE
_FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

_TCP = 0b11
_SCOPES = 0b11  # abstract Unix sockets, signals


def detect_abi() -> int:
    """The Landlock ABI version of this kernel; 0: Landlock is unavailable."""
    if sys.platform != "linux":
        return 0
    try:
        return syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:  # not built in, not enabled, or blocked by the container
        return 0


def file_rights(abi: int) -> int:
    """All file access rights that an ABI version can restrict: 13, and another one since each of 2, 3 and 5."""
    return (1 << (13 + sum(abi >= since for since in (2, 3, 5)))) - 1


def ruleset_attributes(abi: int) -> bytes:
    """`struct landlock_ruleset_attr`: restricts files, from ABI 4 TCP, from ABI 6 signals and abstract sockets."""
    words = [file_rights(abi)]
    if abi >= 4:
        words.append(_TCP)
    if abi >= 6:
        words.append(_SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def make_ruleset(confinement: Confinement, abi: int) -> int:
    """Make a ruleset and return its descriptor, for `restrict`. Raises OSError if Landlock is unavailable.

    A path that does not exist gets no rule, which means no access.
    """
    attributes = ruleset_attributes(abi)
    ruleset = syscall(_CREATE_RULESET, ctypes.c_char_p(attributes), len(attributes), 0)
    try:
        for rights, paths in (
            (_READ, confinement.readable),
            (_RUN, confinement.executable),
            (_DEVICE, confinement.devices),
            (_WRITE, confinement.writable),
        ):
            for path in paths:
                allow(ruleset, path, rights & file_rights(abi))
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def allow(ruleset: int, path: str, rights: int) -> None:
    """Add one rule; a path that does not exist, or that this process may not access, gets none."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= _FOR_FILES
            rule = struct.pack("=Qi", rights, descriptor)
            syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
        finally:
            os.close(descriptor)


def allow_thread_names(ruleset: int, abi: int) -> None:
    """Allow this process to write below `/proc/self/task`; call it in the child, which the path refers to."""
    allow(ruleset, "/proc/self/task", (WRITE_FILE | TRUNCATE) & file_rights(abi))


def restrict(ruleset: int) -> None:
    """Apply the rules to this thread and all its descendants, irrevocably. Raises OSError."""
    syscall(_RESTRICT_SELF, ruleset, 0)
