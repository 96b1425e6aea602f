"""Bytes of outputs on this machine: counted by owner, limited for each owner, and refused on a full disk."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, FileError, KeyLimitReached, Misconfigured
from ffmpeg_worker.storage.local.owner_marks import count_file, count_files, mark_file, supports_marks
from ffmpeg_worker.storage.local.roots import LocalRoots

_RECOUNT_S = 60.0
_SPARED_SHARE = 10
"""Where there are several keys, each leaves one part in so many of the space to the others."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The size of the files of one delivery, and the bytes of the outputs that they replace, by owner."""

    size: int
    replaced: Counter[str]


class DataUsage:
    """Bytes of outputs by owner, in the data root, the allowed folders and the folder of queued jobs.

    Each output is marked with its owner, so that a count of the files finds what was written before the start and
    leaves out what was deleted. Nothing is marked or counted for a single key without a limit.
    """

    def __init__(
        self,
        roots: LocalRoots,
        *,
        min_free_bytes: int = 0,
        max_bytes_per_key: int | None = None,
        max_bytes: int | None = None,
        has_several_keys: bool = False,
    ) -> None:
        """`min_free_bytes` must be free on the disk of an output before its job runs, half of it at the end.

        `max_bytes` limits all owners together.

        Raises:
            Misconfigured: there is a limit, and the file system of the data root has no marks.
        """
        self.bytes_by_owner: Counter[str] = Counter()
        """Bytes of placed and of coming outputs."""
        self._folders = [*roots.folders]
        self._disks = [roots.data_root]
        self._min_free_bytes = min_free_bytes
        self._max_bytes_per_key = max_bytes_per_key
        self._max_bytes = max_bytes
        self._coming: Counter[str] = Counter()
        self._counting = asyncio.Lock()
        self._counted_at: float | None = None
        self._has_limit = max_bytes_per_key is not None or max_bytes is not None
        can_mark = (self._has_limit or has_several_keys) and supports_marks(roots.data_root)
        if self._has_limit and not can_mark:
            raise _cannot_mark(roots.data_root, "the data root (FS_PATH)")
        self.is_counted = can_mark
        """Whether outputs are counted by owner."""

    def add_folder(self, folder: Path) -> None:
        """Count the outputs in the folder of queued jobs too.

        Raises:
            Misconfigured: there is a limit, and the file system of the folder has no marks.
        """
        if self._has_limit and not supports_marks(folder):
            raise _cannot_mark(folder, "FFMPEG_WORKER_STATE_ROOT")
        self._folders.append(folder)
        self._disks.append(folder)
        self._counted_at = None

    def check_free(self, targets: Iterable[Path]) -> None:
        """Check the disks of coming outputs before their job runs.

        Raises:
            DiskFull: a disk is nearly full.
        """
        for folder in {_existing_folder(target) for target in targets}:
            _require_free(folder, self._min_free_bytes)

    def check_room(self, folder: Path, count: int) -> None:
        """Check whether bytes of an unfinished file can be written; any thread may call it.

        Raises:
            DiskFull: the disk would be nearly full.
        """
        _require_free(folder, self._min_free_bytes // 2 + count)

    def survey(self, files: Mapping[Path, Path]) -> Survey:
        """Look at files, by their target, before they are placed; any thread may call it.

        Raises:
            DiskFull: a disk is nearly full, or would be.
            OSError: a file is gone.
        """
        copied: Counter[Path] = Counter()
        size, replaced = 0, Counter[str]()
        for target, source in files.items():
            status = source.stat()
            folder = _existing_folder(target)
            size += status.st_size
            copied[folder] += status.st_size if status.st_dev != folder.stat().st_dev else 0
            if self.is_counted:
                replaced.update(count_file(target))
        for folder, count in copied.items():
            _require_free(folder, self._min_free_bytes // 2 + count)
        return Survey(size, replaced)

    async def check_share(self, owner: str, survey: Survey) -> None:
        """Check whether an owner may have these files too.

        Raises:
            KeyLimitReached: its outputs would take too much.
            FileError: those of all owners would.
        """
        if not self.is_counted:
            return
        if self._counted_at is None:
            await self._count()
        if self._takes_too_much(owner, survey.size):
            await self._count()  # some may have been deleted
        if self._takes_too_much(owner, survey.size):
            held = self.bytes_by_owner[owner] + survey.size
            raise KeyLimitReached(
                f"The outputs of this API key would take {held >> 20} MiB of the worker's disk; one key may not.",
                code="key_data_full",
                hint="Upload outputs to a bucket. Those of queued jobs are removed after the retention time; the "
                "operator can delete some in the data root, or raise FFMPEG_WORKER_MAX_DATA_BYTES_PER_KEY.",
            )
        if self._is_full(survey.size):
            await self._count()
        if self._is_full(survey.size):
            raise FileError(
                "The files and outputs on this worker take as much of its disk as they may.",
                code="data_full",
                hint="Delete some with DELETE /api/files/{name}, or let the operator raise "
                "FFMPEG_WORKER_MAX_DATA_BYTES.",
            )

    @contextmanager
    def placing(self, owner: str, survey: Survey) -> Iterator[None]:
        """Count files as outputs of `owner`, unless placing them fails inside."""
        if not self.is_counted:
            yield
            return
        self._coming[owner] += survey.size
        self.bytes_by_owner[owner] += survey.size
        try:
            yield
        except BaseException:
            self.bytes_by_owner[owner] -= survey.size
            raise
        else:
            self.bytes_by_owner -= survey.replaced
        finally:
            self._coming[owner] -= survey.size

    def add_coming(self, owner: str, count: int) -> None:
        """Count bytes of an unfinished file."""
        if self.is_counted:
            self._coming[owner] += count
            self.bytes_by_owner[owner] += count

    def end_coming(self, owner: str, count: int, kept: int, replaced: Path | None = None) -> None:
        """End a file for which `count` bytes were counted; `kept` of them stay, in the place of another file."""
        if self.is_counted:
            self._coming[owner] -= count
            self.bytes_by_owner[owner] += kept - count
            if replaced is not None:
                self.forget(replaced)

    def forget(self, path: Path) -> None:
        """Count a file no longer, which is about to be removed or replaced."""
        if self.is_counted:
            self.bytes_by_owner -= count_file(path)

    def mark(self, path: Path, owner: str) -> None:
        """Mark a file as an output of `owner`; a file system without marks, of an allowed folder, is left out."""
        if self.is_counted:
            mark_file(path, owner)

    def _takes_too_much(self, owner: str, size: int) -> bool:
        held = self.bytes_by_owner[owner] + size
        if self._max_bytes_per_key is not None:
            return held > self._max_bytes_per_key
        left = min(shutil.disk_usage(folder).free for folder in self._disks)
        return held > (_SPARED_SHARE - 1) * left

    def _is_full(self, size: int) -> bool:
        return self._max_bytes is not None and self.bytes_by_owner.total() + size > self._max_bytes

    async def _count(self) -> None:
        """Count all marked files, at most once a minute."""
        async with self._counting:
            if self._counted_at is not None and time.monotonic() - self._counted_at < _RECOUNT_S:
                return
            found = await asyncio.to_thread(count_files, [*self._folders])
            self.bytes_by_owner = found + self._coming
            self._counted_at = time.monotonic()


def _cannot_mark(folder: Path, what: str) -> Misconfigured:
    return Misconfigured(
        f"The file system of {folder} has no extended attributes, which a limit of bytes needs.",
        hint=f"Unset FFMPEG_WORKER_MAX_DATA_BYTES_PER_KEY and FFMPEG_WORKER_MAX_DATA_BYTES, or move {what}.",
    )


def _existing_folder(path: Path) -> Path:
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    return folder


def _require_free(folder: Path, count: int) -> None:
    if shutil.disk_usage(folder).free < count:
        raise DiskFull(
            "The worker's disk for outputs is nearly full; none are put there.",
            hint="Try again later, or upload the outputs to a bucket.",
        )
