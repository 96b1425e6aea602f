"""A minimal root folder for jobs, for machines without Landlock where the worker is root.

The worker's scratch folder becomes the root folder of its jobs' programs. The system files that FFmpeg needs are
linked or copied into it under their usual paths, beside the jobs' folders.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.sandbox.system_paths import DEVICES, FONT_FOLDERS, LOADERS, SYSTEM_FILES, expand

_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
_MAX_FILES = 5000


def build_chroot(root: Path, programs: Iterable[Path]) -> None:
    """Link or copy the files that `programs` need into `root`; the programs themselves are opened from outside.

    Raises:
        Misconfigured: device files do not work on the disk of `root`.
    """
    root.chmod(0o711)  # not readable: the random names of the jobs' folders stay secret
    for path in dict.fromkeys((*_libraries(programs), *expand(LOADERS), *SYSTEM_FILES)):
        _add_file(Path(path), root)
    for count, file in enumerate(_files_below(FONT_FOLDERS)):
        if count == _MAX_FILES:
            break
        _add_file(file, root)
    try:
        for device in DEVICES:
            _add_device(Path(device), root)
    except OSError as error:
        raise Misconfigured(
            f"The scratch folder {root.parent} cannot hold device files: {error.strerror}.",
            hint="Set FFMPEG_WORKER_SCRATCH_ROOT to a disk that is not mounted with nodev.",
        ) from None


def _libraries(programs: Iterable[Path]) -> Iterator[str]:
    """The libraries of programs, as listed by the dynamic loader; none for static programs."""
    for program in programs:
        for loader in expand(LOADERS):
            listed = subprocess.run(
                [loader, "--list", str(program)], capture_output=True, text=True, check=False, timeout=20
            )
            yield from _LIBRARY.findall(listed.stdout)


def _files_below(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for path, _, names in os.walk(folder):
            yield from (Path(path) / name for name in names)


def _add_file(path: Path, root: Path) -> None:
    """Make a hard link to a file if possible, else a copy; symbolic links are resolved."""
    target = root / path.relative_to("/")
    if not path.is_file() or target.exists():
        return
    _make_folders(target.parent, root)
    try:
        target.hardlink_to(path.resolve())
    except OSError:  # another disk
        shutil.copyfile(path, target)
        target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _add_device(device: Path, root: Path) -> None:
    target = root / device.relative_to("/")
    _make_folders(target.parent, root)
    os.mknod(target, stat.S_IFCHR, device.stat().st_rdev)
    target.chmod(0o666)
    target.open("wb").close()  # on a disk mounted with nodev, mknod succeeds and this fails


def _make_folders(folder: Path, root: Path) -> None:
    if folder == root or folder.is_dir():
        return
    _make_folders(folder.parent, root)
    folder.mkdir()
    folder.chmod(0o755)
