"""The way of outputs to their place on this machine: renames at the end, all or none."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ffmpeg_worker.errors import TargetError, TargetForbidden, TargetUnavailable
from ffmpeg_worker.storage.stores import OutputLocation

_FEW = 16


class LocalDelivery:
    """Moves the files of one lane into place, or copies where the disk is another one; see `Delivery`."""

    def __init__(self, target_of: Callable[[str], Path], device: int) -> None:
        """`target_of` says where a name goes; a rename reaches only what lies on `device`."""
        self._target_of = target_of
        self._device = device
        self._files: dict[str, Path] = {}

    def send(self, name: str, path: Path) -> None:
        """Remember the file: all are moved at the end."""
        self._files[name] = path

    def withdraw(self, name: str) -> None:
        """Forget the file."""
        self._files.pop(name, None)

    async def finish(self) -> Mapping[str, OutputLocation]:
        """See `Delivery.finish`."""
        targets = {name: self._target_of(name) for name in self._files}
        if len(targets) <= _FEW and all(_device(path) == self._device for path in self._files.values()):
            _put_all(self._files, targets)  # a few renames: quicker than handing them to a thread
        else:
            await asyncio.to_thread(_put_all, self._files, targets)
        return {name: OutputLocation(str(path)) for name, path in targets.items()}

    async def undo(self) -> None:
        """Nothing was moved yet."""


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


def _put_all(files: Mapping[str, Path], targets: Mapping[str, Path]) -> None:
    """Bring every file next to its target under a hidden name, then rename: nobody sees half of one."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, source in files.items():
            target = targets[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            hidden = target.with_name(f".{secrets.token_hex(8)}.part")
            waiting.append((hidden, target))
            _move(source, hidden)
        for hidden, target in waiting:
            hidden.replace(target)
    except OSError as error:
        raise _undeliverable(error) from error
    finally:
        for hidden, _ in waiting:
            hidden.unlink(missing_ok=True)


def _move(source: Path, hidden: Path) -> None:
    try:
        source.rename(hidden)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, hidden)


def _undeliverable(error: OSError) -> TargetError:
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    kind = TargetUnavailable if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO} else TargetForbidden
    return kind(
        f"The outputs cannot be written under the data root: {reason}.",
        hint="Free space or correct the permissions of the data root (FS_PATH).",
        detail=str(error),
    )
