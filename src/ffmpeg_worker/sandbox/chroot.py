"""A root folder with next to nothing in it: for machines without Landlock, where the worker is root.

The worker's scratch directory becomes the root of its jobs' programs; what FFmpeg needs to run is put beside the
jobs' directories, under the very same names.
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
from ffmpeg_worker.sandbox.system_paths import DEVICES, loaders

_FOLDERS = (
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
)
_FILES = ("/etc/ld.so.cache", "/etc/localtime")
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
_MAX_FILES = 5000


def build_chroot(root: Path, programs: Iterable[Path]) -> None:
    """Put into `root` what `programs` need; the programs themselves are opened from outside.

    Raises:
        Misconfigured: the worker may not make device files there.
    """
    root.chmod(0o711)  # nobody lists the jobs, whose names cannot be guessed
    for path in dict.fromkeys((*_libraries(programs), *loaders(), *_FILES)):
        _bring(Path(path), root)
    for count, file in enumerate(_files_below(_FOLDERS)):
        if count == _MAX_FILES:
            break
        _bring(file, root)
    try:
        for device in DEVICES:
            _copy_device(Path(device), root)
    except OSError as error:
        raise Misconfigured(
            f"The scratch folder {root.parent} cannot hold device files: {error.strerror}.",
            hint="Set FFMPEG_WORKER_SCRATCH_ROOT to a disk that is not mounted with nodev.",
        ) from None


def _libraries(programs: Iterable[Path]) -> Iterator[str]:
    """What the loader says that programs load; nothing for those that need no loader."""
    for program in programs:
        for loader in loaders():
            listed = subprocess.run(
                [loader, "--list", str(program)], capture_output=True, text=True, check=False, timeout=20
            )
            yield from _LIBRARY.findall(listed.stdout)


def _files_below(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for path, _, names in os.walk(folder):
            yield from (Path(path) / name for name in names)


def _bring(path: Path, root: Path) -> None:
    """A second name where that is possible, else a copy; links become what they lead to."""
    target = root / path.relative_to("/")
    if not path.is_file() or target.exists():
        return
    _make_folders(target.parent, root)
    try:
        target.hardlink_to(path.resolve())
    except OSError:  # another disk
        shutil.copyfile(path, target)
        target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _copy_device(device: Path, root: Path) -> None:
    target = root / device.relative_to("/")
    _make_folders(target.parent, root)
    os.mknod(target, stat.S_IFCHR, device.stat().st_rdev)
    target.chmod(0o666)
    target.open("wb").close()  # on a disk without devices this fails, not mknod


def _make_folders(folder: Path, root: Path) -> None:
    if folder == root or folder.is_dir():
        return
    _make_folders(folder.parent, root)
    folder.mkdir()
    folder.chmod(0o755)
