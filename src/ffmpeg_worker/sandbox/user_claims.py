"""Claims of user IDs: locks on files in a folder that all workers of a machine share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured

_WELL_KNOWN = Path("/run/ffmpeg-worker")
_IN_SCRATCH = "users"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITABLE_BY_OTHERS = 0o022


class UserClaims:
    """Claims user IDs through a lock on one file for each, which the kernel releases however the worker ends.

    The files stay: a file that is removed could be locked by one worker while another one locks its successor.
    """

    def __init__(self, folder: int) -> None:
        """`folder` is a descriptor of the folder of locks."""
        self._folder = folder
        self._locks: dict[int, int] = {}

    def __contains__(self, uid: int) -> bool:
        return uid in self._locks

    def claim(self, uid: int) -> bool:
        """Claim a user ID; false if it is claimed already.

        Raises:
            OSError: its file cannot be opened.
        """
        lock = os.open(f"user-{uid}", _FILE, 0o600, dir_fd=self._folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except BaseException:
            os.close(lock)
            raise
        self._locks[uid] = lock
        return True

    def release(self, uid: int) -> None:
        """Release a claimed user ID."""
        os.close(self._locks.pop(uid))

    def release_all(self) -> None:
        """Release all user IDs."""
        while self._locks:
            os.close(self._locks.popitem()[1])


@contextmanager
def open_user_claims(folder: Path | None, scratch_root: Path) -> Iterator[UserClaims]:
    """Open the folder of locks; on exit all claims are released.

    Args:
        folder: chosen by the operator. `None`: `/run/ffmpeg-worker`, or a folder in `scratch_root` where that
            cannot be made, e.g. because the file system is read-only.

    Raises:
        Misconfigured: the folder cannot be used, or other users could write into it.
    """
    descriptor = _open(folder) if folder is not None else _open_default(scratch_root)
    claims = UserClaims(descriptor)
    try:
        yield claims
    finally:
        claims.release_all()
        os.close(descriptor)


def _open_default(scratch_root: Path) -> int:
    try:
        return _open(_WELL_KNOWN)
    except Misconfigured:
        with suppress(OSError):  # the same error as that of the folder in it
            scratch_root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _open(scratch_root / _IN_SCRATCH)


def _open(folder: Path) -> int:
    """Open a folder into which this user, and nobody else, may write; make it if it is missing."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, _FOLDER)
    except OSError as error:
        raise _unusable(folder, error.strerror or "it cannot be opened") from None
    if reason := _why_unusable(descriptor):
        os.close(descriptor)
        raise _unusable(folder, reason)
    return descriptor


def _why_unusable(folder: int) -> str | None:
    status = os.fstat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
        return "other users may write into it"
    return None if os.access(".", os.W_OK, dir_fd=folder) else "it is read-only"


def _unusable(folder: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        f"The folder {folder}, in which workers claim the users of jobs, cannot be used: {reason}.",
        hint="Set FFMPEG_WORKER_LOCK_ROOT to a folder that belongs to the worker's user, with the mode 0700.",
    )
