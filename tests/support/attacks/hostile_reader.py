"""A compromised program with a ticket: it misuses the notices of its reads, and reports each result."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import threading
from collections.abc import Callable
from typing import BinaryIO

from ffmpeg_worker.sandbox.syscalls import NUMBERS
from ffmpeg_worker.sandbox.waiting_reads import FILE_NUMBERS, TICKETS

BLOCK = 4096
_CALLS = NUMBERS[platform.machine()]
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mmap.restype = ctypes.c_void_p


def serve(_requests: BinaryIO, answers: BinaryIO) -> None:
    """Make all attempts; the answer gives for each its result, or the name of its error."""
    report = {name: _outcome(attempt) for name, attempt in _attempts().items()}
    answers.write(json.dumps(report).encode())


def wait_for_ever(_requests: BinaryIO, answers: BinaryIO) -> None:
    """Read in four threads what never arrives."""
    answers.write(b"reading\n")
    answers.flush()
    threads = [threading.Thread(target=_read_or_end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.write(b"ended\n")


def _read_or_end() -> None:
    try:
        os.read(_open(), BLOCK)
    except OSError as error:
        os.write(1, f"{errno.errorcode.get(error.errno or 0)}\n".encode())


def _attempts() -> dict[str, Callable[[], object]]:
    first = FILE_NUMBERS[0]
    return {
        "open": _open,
        "read": lambda: os.read(first, BLOCK).decode()[:4],
        "read from the ticket itself": lambda: len(os.read(TICKETS[0], BLOCK)),
        "write": lambda: os.write(first, b"x"),
        "pread": lambda: len(os.pread(first, BLOCK, 1 << 20)),
        "readv": lambda: os.readv(first, [bytearray(BLOCK)]),
        "preadv": lambda: os.preadv(first, [bytearray(BLOCK)], 1 << 20),
        "sendfile": lambda: os.sendfile(1, first, 0, BLOCK),
        "splice": lambda: os.splice(first, os.pipe()[1], BLOCK),
        "copy": lambda: os.copy_file_range(first, os.memfd_create("x"), BLOCK),
        "map": _map,
        "duplicate": lambda: os.dup(first),
        "duplicate by dup2": lambda: os.dup2(first, 20),
        "open it by its number": lambda: os.open(f"/proc/self/fd/{first}", os.O_RDONLY),
        "exchange a ticket that was not given": lambda: _dup(TICKETS[1]),
        "read a number that is not open": lambda: os.read(FILE_NUMBERS[-1], 1),
        "close a number that is not open": lambda: os.close(FILE_NUMBERS[-1]),
        "read more than memory": lambda: _call("read", first, 0, (1 << 63) - 1),
        "read to nowhere": lambda: _call("read", first, 1, BLOCK),
        "read behind the end": lambda: (os.lseek(first, 1 << 30, os.SEEK_SET), len(os.read(first, BLOCK)))[1],
        "read at a negative place": lambda: os.lseek(first, -1, os.SEEK_SET),
        "flood": lambda: _flood(first),
        "open too many": _open_too_many,
        "close and open again": _open_again,
        "threads that open, read and close": _race,
        "read after that": _read_again,
    }


def _dup(ticket: int) -> int:
    return _call("dup", ticket)


def _open() -> int:
    return _dup(TICKETS[0])


def _call(name: str, *arguments: int) -> int:
    result = int(_libc.syscall(_CALLS[name], *[ctypes.c_long(argument) for argument in arguments]))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def _map() -> None:
    address = _libc.mmap(None, ctypes.c_size_t(BLOCK), 1, 2, FILE_NUMBERS[0], ctypes.c_long(0))
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")


def _flood(number: int) -> int:
    return sum(len(os.read(number, 1)) for _ in range(5000) if os.lseek(number, 0, os.SEEK_SET) == 0)


def _open_too_many() -> str:
    opened: list[int] = []
    try:
        while True:
            opened.append(_open())
    finally:
        for number in opened:
            os.close(number)


def _open_again() -> int:
    numbers = []
    for _ in range(300):
        numbers.append(_open())
        os.close(numbers[-1])
    return len(numbers)


def _race() -> int:
    """Open, read and close the same numbers in many threads; each may fail, none may hang."""

    def run() -> None:
        for _ in range(20):
            for attempt in (_open, lambda: os.read(FILE_NUMBERS[3], BLOCK), lambda: os.close(FILE_NUMBERS[3])):
                _outcome(attempt)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(threads)


def _read_again() -> str:
    os.lseek(FILE_NUMBERS[0], 0, os.SEEK_SET)
    return os.read(FILE_NUMBERS[0], BLOCK).decode()[:4]


def _outcome(attempt: Callable[[], object]) -> object:
    try:
        return attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
