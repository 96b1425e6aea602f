"""Unfinished files: written block by block in a hidden folder, counted for their owner, removed if they fail."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from ffmpeg_worker import file_space
from ffmpeg_worker.errors import FileError
from ffmpeg_worker.storage.local.data_usage import Survey
from ffmpeg_worker.storage.local.file_area import FileArea, cannot_write
from ffmpeg_worker.storage.socket_copy import Turn, copy_from_socket, write_all
from ffmpeg_worker.tasks import finish_then_cancel

_RESUMABLE = ".resumable"


class Draft:
    """A file that is being received, as a context manager: at the end it is removed, unless it was put in place.

    Attributes:
        length: bytes that it has by now.
        keeps: whether it stays when its sender goes away, to be continued.
    """

    def __init__(self, area: FileArea, path: Path, *, keeps: bool = False) -> None:
        """Make the file, or open the one that is to be continued.

        Raises:
            DiskFull, FileError: it cannot be made.
        """
        self.keeps = keeps
        self._path = path
        self._area = area
        self._counted = 0
        self._written = 0
        self._is_placed = False
        try:
            self._descriptor = _open(path)
        except OSError as error:
            raise cannot_write(error) from error
        self.length = os.fstat(self._descriptor).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_placed:
            os.close(self._descriptor)
            self._remove_folder()
        elif not self.keeps or not self.length:
            self._area.usage.end_coming(self._area.owner, self._counted, 0, self._path)
            with file_space.freeing_later(self._path):
                os.close(self._descriptor)
                self._path.unlink(missing_ok=True)
            self._remove_folder()
        else:
            os.close(self._descriptor)
            # Marked now: while it grew, its bytes were counted as coming ones.
            self._area.usage.mark(self._path, self._area.owner)
            self._area.usage.end_coming(self._area.owner, self._counted, self._written)

    def lock(self) -> None:
        """Keep other requests from continuing it.

        Raises:
            FileError: another request does.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(self._descriptor)
            self.length, is_current = status.st_size, status.st_nlink > 0
        except OSError:
            is_current = False
        if not is_current:
            raise FileError(
                "Another request is sending a part of this file.",
                code="upload_in_progress",
                hint="Wait for its end, then ask what was received: Content-Range: bytes */SIZE.",
            )

    async def expect(self, count: int) -> None:
        """Count bytes that will come, so that what is too large is refused before it is sent.

        Raises:
            DiskFull, KeyLimitReached, FileError: there is no room for them.
        """
        usage, owner = self._area.usage, self._area.owner
        usage.check_room(self._area.root, count)
        await usage.check_share(owner, Survey(count, Counter()))
        usage.add_coming(owner, count)
        self._counted += count

    async def write(self, block: Sequence[bytes | bytearray]) -> None:
        """Append a block, which may be in pieces.

        Raises:
            DiskFull, KeyLimitReached, FileError: there is no room for it.
        """
        size = sum(map(len, block))
        missing = self._written + size - self._counted
        if missing > 0:
            await self.expect(missing)
        try:
            await finish_then_cancel(asyncio.to_thread(write_all, self._descriptor, block, self.length))
        except OSError as error:
            self.fail(error)
        self.length += size
        self._written += size

    async def take_turn(self, connection: int, count: int) -> Turn:
        """Append up to `count` bytes, which `expect` has announced, as they arrive at a non-blocking socket.

        A turn with a `problem` must be followed by `fail`.
        """
        copy = asyncio.to_thread(copy_from_socket, connection, self._descriptor, self.length, count)
        turn = await finish_then_cancel(copy)
        self.length += turn.count
        self._written += turn.count
        return turn

    def fail(self, error: OSError) -> NoReturn:
        """Give up: the disk does not take the file.

        Raises:
            DiskFull, FileError: always.
        """
        self.keeps = False  # what is there would fill the disk further
        raise cannot_write(error) from error

    def _remove_folder(self) -> None:
        """Remove the folder of drafts if it is empty."""
        if self._path.parent == self._area.uploads:
            with suppress(OSError):
                self._path.parent.rmdir()

    def truncate(self, length: int) -> None:
        """Drop the last bytes, which this request has written."""
        os.ftruncate(self._descriptor, length)
        self._written = max(0, self._written - (self.length - length))
        self.length = length

    def forsake(self) -> None:
        """Close the file without touching it: another request has it."""
        os.close(self._descriptor)

    def leave(self) -> int:
        """Leave the finished file where it is; returns the bytes that were counted, which the caller ends."""
        self._is_placed = True
        return self._counted

    def place(self, name: str, *, replaces: bool = True) -> os.stat_result:
        """Give the finished file its name in one step; returns its status.

        Raises:
            InvalidJob, DiskFull, FileError: see `FileArea.put`.
        """
        replaced = self._area.locate(name) if replaces else None
        usage, owner = self._area.usage, self._area.owner
        if replaced is not None:
            usage.forget(replaced)
        status = self._area.put(self._path, name, replaces=replaces)
        usage.end_coming(owner, self._counted, self._written)
        self._is_placed = True
        return status


def _open(path: Path) -> int:
    """Open a draft in a folder that another request may remove at any time, since it is empty."""
    for is_last in (False, False, True):
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            if is_last:
                raise
    raise AssertionError


def open_draft(area: FileArea) -> Draft:
    """Open a draft of its own for one request.

    Raises:
        DiskFull, FileError: it cannot be made.
    """
    return Draft(area, area.uploads / f"{secrets.token_hex(8)}.part")


def open_resumable(area: FileArea, name: str, total: int, *, starts: bool) -> Draft:
    """Open the draft of a name that is sent in parts; `starts` drops what was received before.

    Raises:
        FileError: a part of another size was received before, or another request sends one now.
        DiskFull: it cannot be made.
    """
    stem = hashlib.sha256(name.encode()).hexdigest()[:32]
    path = area.uploads / f"{stem}-{total}{_RESUMABLE}"
    others = [other for other in area.uploads.glob(f"{stem}-*{_RESUMABLE}") if other != path]
    if others and not starts and not path.exists():
        raise FileError(
            "The parts received before belong to a file of another size.",
            code="upload_offset_wrong",
            hint="Begin again with Content-Range: bytes 0-…, or give the same total size.",
        )
    draft = Draft(area, path, keeps=True)
    try:
        draft.lock()
    except FileError:
        draft.forsake()
        raise
    try:
        if starts:
            for other in others:
                area.usage.forget(other)
                file_space.remove(other)
            area.usage.forget(path)
            draft.truncate(0)
    except BaseException:
        draft.__exit__(None, None, None)
        raise
    return draft


def find_resumable(area: FileArea, name: str) -> tuple[int, int] | None:
    """Return the bytes received and the total size of an unfinished upload in parts; `None` if there is none."""
    stem = hashlib.sha256(name.encode()).hexdigest()[:32]
    for path in area.uploads.glob(f"{stem}-*{_RESUMABLE}"):
        with suppress(OSError, ValueError):
            return path.stat().st_size, int(path.name.removesuffix(_RESUMABLE).partition("-")[2])
    return None


def drop_resumable(area: FileArea, name: str) -> bool:
    """Remove what was received of an upload in parts; returns whether there was any."""
    stem = hashlib.sha256(name.encode()).hexdigest()[:32]
    found = [*area.uploads.glob(f"{stem}-*{_RESUMABLE}")]
    for path in found:
        area.usage.forget(path)
        file_space.remove(path)
    return bool(found)
