"""Parts that every transfer uses: limits, byte counter, stall guard, download folder and file."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path, PurePosixPath

from ffmpeg_worker.retry import AttemptFailed
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS, disk_full
from ffmpeg_worker.storage.socket_copy import copy_from_socket, write_all
from ffmpeg_worker.tasks import finish_then_cancel

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,12}")
_TURN_S = 0.005
"""A thread copies so long from one connection; who waits for the bytes learns of them afterwards."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Limits of one download."""

    max_bytes: int
    min_free_bytes: int = 0
    """Bytes that stay free on the disk."""
    min_bytes_per_s: float = 10_000.0
    window_s: float = 60.0
    """Seconds over which the rate is averaged."""
    retries: int = 3
    backoff_s: float = 0.5
    """Approximate seconds before the first retry; they double with each further retry."""


class TransferMeter:
    """Counts the bytes of one transfer and reports each change.

    An exception of `on_change` propagates out of `expect` and `add`, and so ends the transfer.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.done = 0
        """Bytes transferred so far."""
        self.total: int | None = None
        """Bytes in all; `None` if unknown."""
        self.is_reused = False
        """Whether the file was there already, in the cache, and takes no more space."""
        self._on_change = on_change

    def expect(self, total: int | None) -> None:
        """Start, or start over, a transfer of `total` bytes."""
        self.done, self.total = 0, total
        self._on_change()

    def reuse(self, total: int) -> None:
        """Count all bytes of a file that is in the cache."""
        self.done, self.total, self.is_reused = total, total, True
        self._on_change()

    def add(self, count: int) -> None:
        """Count `count` more bytes."""
        self.done += count
        self._on_change()


class StallGuard:
    """Ends a download whose sender is too slow."""

    def __init__(self, min_bytes_per_s: float, window_s: float) -> None:
        self._min_bytes_per_s = min_bytes_per_s
        self._window_s = window_s
        self.restart()

    def restart(self) -> None:
        """Begin a window, after a pause of the receiver."""
        self._window_start = time.monotonic()
        self._bytes = 0

    def count(self, size: int) -> None:
        """Count `size` bytes that have just arrived.

        Raises:
            TimeoutError: the last window was slower than allowed.
        """
        self._bytes += size
        elapsed_s = time.monotonic() - self._window_start
        if elapsed_s < self._window_s:
            return
        if self._bytes < self._min_bytes_per_s * elapsed_s:
            raise TimeoutError
        self._window_start += elapsed_s
        self._bytes = 0


@contextmanager
def download_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for one download below `parent`; it is removed when the block fails.

    Each download has its own: relative names in an input, as in a playlist, must not reach other inputs.
    """
    folder = parent / f".{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


async def write_block(
    file: FileIO, block: bytes | bytearray | memoryview, offset: int, *, min_free_bytes: int = 0
) -> None:
    """Write a block at its offset; a cancellation is raised only after that is done.

    Raises:
        DiskFull: the disk has no space for it, or would have less than `min_free_bytes` left.
    """
    _check_space(file, min_free_bytes + len(block))
    try:
        writing = asyncio.get_running_loop().run_in_executor(None, write_all, file.fileno(), [block], offset)
        await finish_then_cancel(writing)
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise disk_full() from None
        raise


async def receive_block(
    file: FileIO, connection: int, offset: int, count: int, memory: memoryview, *, min_free_bytes: int = 0
) -> int:
    """Copy up to `count` bytes from a non-blocking socket to an offset of a file, as long as they arrive fast.

    They pass through `memory`. A cancellation is raised only after that is done.

    Returns:
        How many; 0 if none has arrived, or the connection has ended.

    Raises:
        DiskFull: the disk would have less than `min_free_bytes` left; nothing was received.
        AttemptFailed: the disk is full; what was received is lost.
    """
    _check_space(file, min_free_bytes + count)
    copy = partial(copy_from_socket, turn_s=_TURN_S, memory=memory)
    own = os.dup(connection)  # the connection may be closed meanwhile
    try:
        copying = asyncio.get_running_loop().run_in_executor(None, copy, own, file.fileno(), offset, count)
        turn = await finish_then_cancel(copying)
    finally:
        os.close(own)
    if isinstance(turn.problem, OSError):
        raise AttemptFailed(disk_full()) if turn.problem.errno in DISK_FULL_ERRNOS else turn.problem
    return turn.count


def _check_space(file: FileIO, size: int) -> None:
    disk = os.fstatvfs(file.fileno())
    if disk.f_bavail * disk.f_frsize < size:
        raise disk_full()


def safe_suffix(path: str) -> str:
    """The lower-case extension of a remote path if a local file may have it, else an empty string."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""
