"""Outputs to local files: linked under hidden names, then renamed, so that no partial file is visible."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from ffmpeg_worker.errors import TargetError, TargetForbidden, TargetUnavailable
from ffmpeg_worker.file_space import freeing_later
from ffmpeg_worker.job.file_names import display_name, hidden_output
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS
from ffmpeg_worker.storage.local.data_usage import DataUsage, Survey
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.stores import UNRECORDED, OutputLocation, UploadRecords
from ffmpeg_worker.storage.transfer import TransferMeter

_T = TypeVar("_T")
_Files = Mapping[Path, Path]
"""Finished files by the path that they get."""
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_MAX_LINKS_ON_EVENT_LOOP = 16


class LocalTarget:
    """A `Target` that puts outputs into the data root and the allowed folders."""

    records = None
    accepts_early = False
    """Renaming at the end costs nothing."""
    accepts_growing = False

    def __init__(self, roots: LocalRoots, usage: DataUsage | None = None, owner: str = ANONYMOUS) -> None:
        """`owner` is that of the job; `usage` counts its outputs."""
        self._roots = roots
        self._usage = DataUsage(roots) if usage is None else usage
        self._owner = owner

    def check(self, names: Sequence[str]) -> None:
        """Refuse names outside the roots, hidden names, folders, and a full disk; see `Target.check`."""
        self._usage.check_free([self._resolve(name) for name in names])

    async def preflight(self) -> None:
        """Does nothing: `check` finds all that can be found; see `Target.preflight`."""

    def open_delivery(
        self,
        meter: TransferMeter,  # noqa: ARG002 - nothing is transferred
        records: UploadRecords = UNRECORDED,  # noqa: ARG002 - linking again costs nothing
    ) -> LocalDelivery:
        """See `Target.open_delivery`."""
        return LocalDelivery(self._resolve, self._roots.device, self._usage, self._owner)

    def _resolve(self, name: str) -> Path:
        path = self._roots.resolve(name)
        if path is None:
            raise TargetForbidden(
                f'The output "{display_name(name)}" is outside the folders that this worker may write.',
                code="path_outside_root",
                hint="Use a relative name: the output is put under the data root.",
                where={"output": display_name(name)},
            )
        if self._roots.hides(path):
            raise hidden_output(name)
        if path.is_dir():
            raise TargetForbidden(
                f'The output "{display_name(name)}" is a folder.',
                code="target_is_folder",
                hint="Name a file in it.",
                where={"output": display_name(name)},
            )
        return path


class LocalDelivery:
    """A `Delivery` that hard-links the files of one lane into place, or copies them from another disk.

    The files keep their first names, so that an interrupted delivery can be repeated.
    """

    def __init__(self, resolve: Callable[[str], Path], device: int, usage: DataUsage, owner: str) -> None:
        """`resolve` returns the path of an output name; files on the disk `device` can be linked."""
        self._resolve = resolve
        self._device = device
        self._usage = usage
        self._owner = owner
        self._files: dict[str, Path] = {}

    def send(self, name: str, path: Path) -> None:
        """Remember the file; `finish` links all of them."""
        self._files[name] = path

    def expect_growing(self, _names: Iterable[str]) -> None:
        """Does nothing: see `accepts_growing`."""

    def follow(self, _name: str, file: BinaryIO, _size: int) -> None:
        """Does nothing: see `accepts_growing`."""
        file.close()

    async def stop_following(self) -> None:
        """Does nothing."""

    def withdraw(self, name: str) -> None:
        """Forget the file."""
        self._files.pop(name, None)

    async def finish(self) -> Mapping[str, OutputLocation]:
        """See `Delivery.finish`; also raises DiskFull, and KeyLimitReached if the owner has too many outputs."""
        targets = {name: self._resolve(name) for name in self._files}
        files = {targets[name]: path for name, path in self._files.items()}
        # A few links take less time than a thread switch.
        is_long = len(files) > _MAX_LINKS_ON_EVENT_LOOP or any(
            _device(path) != self._device for path in files.values()
        )
        survey = await _run(self._survey, files, in_thread=is_long)
        await self._usage.check_share(self._owner, survey)
        with self._usage.placing(self._owner, survey):
            await _run(self._place_all, files, in_thread=is_long)
        return {name: OutputLocation(str(path)) for name, path in targets.items()}

    def adopt(self, name: str) -> None:
        """Does nothing: files in place are not removed."""

    async def undo(self) -> None:
        """Does nothing: a file in place may have replaced an older one, which is gone."""

    def _survey(self, files: _Files) -> Survey:
        try:
            return self._usage.survey(files)
        except OSError as error:
            raise _undeliverable(error) from error

    def _place_all(self, files: _Files) -> None:
        """Give every file a hidden name beside its target, then rename all of them."""
        placed: list[tuple[Path, Path]] = []
        try:
            for target, source in files.items():
                target.parent.mkdir(parents=True, exist_ok=True)
                hidden = target.with_name(f".{secrets.token_hex(8)}.part")
                placed.append((hidden, target))
                _link_or_copy(source, hidden)
                self._usage.mark(hidden, self._owner)
            with freeing_later(*files):
                for hidden, target in placed:
                    hidden.replace(target)
        except OSError as error:
            raise _undeliverable(error) from error
        finally:
            for hidden, _ in placed:
                hidden.unlink(missing_ok=True)


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


async def _run(work: Callable[[_Files], _T], files: _Files, *, in_thread: bool) -> _T:
    return await asyncio.to_thread(work, files) if in_thread else work(files)


def _link_or_copy(source: Path, hidden: Path) -> None:
    """Copy where the disk is another one; rename where the file system has no hard links."""
    try:
        os.link(source, hidden, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            shutil.copyfile(source, hidden)
        elif error.errno in _NO_HARD_LINKS:
            source.rename(hidden)
        else:
            raise


def _undeliverable(error: OSError) -> TargetError:
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    kind = TargetUnavailable if error.errno in {*DISK_FULL_ERRNOS, errno.EIO} else TargetForbidden
    return kind(
        f"The outputs cannot be written under the data root: {reason}.",
        hint="Free disk space or correct the permissions of the data root (FS_PATH).",
        detail=str(error),
    )
