"""Bytes of jobs in the scratch folder: counted by owner, limited for each owner, and refused on a full disk."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, KeyLimitReached


class ScratchUsage:
    """Bytes of all jobs of a worker in its scratch folder.

    Where there are several keys, the jobs of one may hold no more than they leave free on the disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        min_free_bytes: int = 0,
        max_bytes_per_key: int | None = None,
        has_several_keys: bool = False,
    ) -> None:
        """`min_free_bytes` must stay free on the disk of `folder` whatever is written."""
        self.bytes_by_owner: Counter[str] = Counter()
        """Owners without any byte are not listed."""
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._max_bytes_per_key = max_bytes_per_key
        self._has_several_keys = has_several_keys

    @contextmanager
    def open_job(self, owner: str) -> Iterator[JobUsage]:
        """Count the bytes of one job until its folder has been removed.

        Raises:
            KeyLimitReached: other jobs of the owner hold too much already.
        """
        self.check(owner)
        job = JobUsage(self, owner)
        try:
            yield job
        finally:
            self.add(owner, -job.total)

    def add(self, owner: str, count: int) -> None:
        """Change the bytes of an owner."""
        self.bytes_by_owner[owner] += count
        if not self.bytes_by_owner[owner]:
            del self.bytes_by_owner[owner]

    def check(self, owner: str, coming: int = 0) -> None:
        """Check what an owner holds, together with `coming` bytes that are not on the disk yet.

        Raises:
            DiskFull: the coming bytes would leave too little free.
            KeyLimitReached: the owner would hold too much.
        """
        free = shutil.disk_usage(self._folder).free - coming
        if coming and free < self._min_free_bytes:
            raise DiskFull("The worker's disk has no room for the files of the job.", hint="Try again later.")
        held = self.bytes_by_owner[owner] + coming
        most = self._max_bytes_per_key
        if (most is not None and held > most) or (self._has_several_keys and held > free):
            raise KeyLimitReached(
                f"The jobs of this API key would hold {held >> 20} MiB of the worker's scratch folder, more than "
                "one key may.",
                code="key_scratch_full",
                hint="Send the job again when other jobs of the key have ended, or write and fetch less.",
            )


class JobUsage:
    """Bytes of one job in the scratch folder: fetched, copied and written ones."""

    def __init__(self, usage: ScratchUsage, owner: str) -> None:
        self._usage = usage
        self._owner = owner
        self._fetched = 0
        self._copied = 0
        self._written = 0

    @property
    def total(self) -> int:
        """All bytes of the job."""
        return self._fetched + self._copied + self._written

    def set_fetched(self, count: int) -> None:
        """Note how many bytes have been downloaded by now.

        Raises:
            KeyLimitReached: the owner holds too much.
        """
        more, self._fetched = count - self._fetched, count
        self._grow(more)

    def set_written(self, count: int) -> None:
        """Note how many bytes the programs of the job have written by now.

        Raises:
            KeyLimitReached: the owner holds too much.
        """
        more, self._written = count - self._written, count
        self._grow(more)

    def add_copy(self, count: int) -> None:
        """Count a copy that will be made now.

        Raises:
            DiskFull, KeyLimitReached: there is no room for it.
        """
        self.check_room(count)
        self.note_copy(count)

    def note_copy(self, count: int) -> None:
        """Count a copy that has been made."""
        self._copied += count
        self._usage.add(self._owner, count)

    def check_room(self, count: int) -> None:
        """Check whether `count` bytes can be written, which are not counted by this; any thread may call it.

        Raises:
            DiskFull, KeyLimitReached: there is no room for them.
        """
        self._usage.check(self._owner, count)

    def _grow(self, more: int) -> None:
        self._usage.add(self._owner, more)
        if more > 0:
            self._usage.check(self._owner)
