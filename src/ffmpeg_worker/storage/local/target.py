"""Outputs to local files: linked under hidden names, then renamed, so that no partial file is visible."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ffmpeg_worker.errors import TargetError, TargetForbidden, TargetUnavailable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter

_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_MAX_LINKS_ON_EVENT_LOOP = 16


class LocalTarget:
    """A `Target` that puts outputs into the data root and the allowed folders."""

    accepts_early = False
    """Renaming at the end costs nothing."""

    def __init__(self, roots: LocalRoots) -> None:
        self._roots = roots
        self._device = roots.data_root.stat().st_dev

    def check(self, names: Sequence[str]) -> None:
        """Refuse names outside the roots and names of folders; see `Target.check`."""
        for name in names:
            self._resolve(name)

    async def preflight(self) -> None:
        """Does nothing: `check` finds all that can be found; see `Target.preflight`."""

    def open_delivery(self, meter: TransferMeter) -> LocalDelivery:  # noqa: ARG002  (nothing is transferred)
        """See `Target.open_delivery`."""
        return LocalDelivery(self._resolve, self._device)

    def _resolve(self, name: str) -> Path:
        path = self._roots.resolve(name)
        if path is None:
            raise TargetForbidden(
                f'The output "{display_name(name)}" is outside the folders that this worker may write.',
                code="path_outside_root",
                hint="Use a relative name: the output is put under the data root.",
                where={"output": display_name(name)},
            )
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

    def __init__(self, resolve: Callable[[str], Path], device: int) -> None:
        """`resolve` returns the path of an output name; files on the disk `device` can be linked."""
        self._resolve = resolve
        self._device = device
        self._files: dict[str, Path] = {}

    def send(self, name: str, path: Path) -> None:
        """Remember the file; `finish` links all of them."""
        self._files[name] = path

    def withdraw(self, name: str) -> None:
        """Forget the file."""
        self._files.pop(name, None)

    async def finish(self) -> Mapping[str, OutputLocation]:
        """See `Delivery.finish`."""
        targets = {name: self._resolve(name) for name in self._files}
        is_quick = len(targets) <= _MAX_LINKS_ON_EVENT_LOOP and all(
            _device(path) == self._device for path in self._files.values()
        )
        if is_quick:
            _place_all(self._files, targets)  # a few links take less time than a thread switch
        else:
            await asyncio.to_thread(_place_all, self._files, targets)
        return {name: OutputLocation(str(path)) for name, path in targets.items()}

    async def undo(self) -> None:
        """Does nothing: no file is in place yet."""


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


def _place_all(files: Mapping[str, Path], targets: Mapping[str, Path]) -> None:
    """Give every file a hidden name beside its target, then rename all of them."""
    placed: list[tuple[Path, Path]] = []
    try:
        for name, source in files.items():
            target = targets[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            hidden = target.with_name(f".{secrets.token_hex(8)}.part")
            placed.append((hidden, target))
            _link_or_copy(source, hidden)
        for hidden, target in placed:
            hidden.replace(target)
    except OSError as error:
        raise _undeliverable(error) from error
    finally:
        for hidden, _ in placed:
            hidden.unlink(missing_ok=True)


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
