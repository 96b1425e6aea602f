"""Landlock: a process gives up the file system but for what its rules name."""

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
    """The version of Landlock that this kernel offers to us; 0: none."""
    if sys.platform != "linux":
        return 0
    try:
        return syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:  # not built in, not enabled, or kept from us by the container
        return 0


def file_rights(abi: int) -> int:
    """All rights over files that a version can take away."""
    bits = 13
    for since, count in ((2, 14), (3, 15), (5, 16)):
        if abi >= since:
            bits = count
    return (1 << bits) - 1


def ruleset_attributes(abi: int) -> bytes:
    """What is taken away, as the kernel wants it: files, from 4 on TCP, from 6 on signals and abstract sockets."""
    words = [file_rights(abi)]
    if abi >= 4:
        words.append(_TCP)
    if abi >= 6:
        words.append(_SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def make_ruleset(confinement: Confinement, abi: int) -> int:
    """A descriptor of the rules, to be given to `restrict`. Raises OSError where Landlock is not to be had.

    A path that does not exist is left out by itself: no rule means no access.
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
    """Add one rule; a path that is not there, or that we may not reach ourselves, gets none."""
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
    """Let this process write below its own `/proc/self/task`; called in the child, whose folder it is."""
    allow(ruleset, "/proc/self/task", (WRITE_FILE | TRUNCATE) & file_rights(abi))


def restrict(ruleset: int) -> None:
    """Put this thread, and whatever comes from it, under the rules for good. Raises OSError."""
    syscall(_RESTRICT_SELF, ruleset, 0)
