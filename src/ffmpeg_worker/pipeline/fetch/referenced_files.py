"""Files that options and filter graphs of a command name, copied into its working directory."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.sandbox.beneath import read_beneath
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter

_MAX_BYTES = 64 << 20
_MAX_KEY_INFO_BYTES = 4096


def _ignore(_bytes: int) -> None:
    pass


async def copy_referenced_files(
    names: Iterable[str], folder: Path, stores: Stores, check_room: Callable[[int], None] = _ignore
) -> None:
    """Copy files that options name into a working directory under the same names.

    A word in a filter graph is not certain to be a file, so names that the data root does not have are left to
    ffmpeg. They are copied, not linked, since some filters write to the files they name. `check_room` receives the
    size of each before it is copied, and may raise.
    """
    for name in names:
        await asyncio.sleep(0)  # a graph may hold thousands of words, and each is looked up on the disk
        target = folder / name
        if not _is_local(name) or target.exists():
            continue
        source = FileSource(url=name)
        if source.scheme is not None:
            continue
        try:
            path = await stores.source(source).fetch(source, folder, TransferMeter())
        except WorkerError:
            continue
        size = path.stat().st_size
        if size <= _MAX_BYTES:
            check_room(size)
            target.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(shutil.copyfile, path, target)


def find_key_files(key_infos: Iterable[str], folder: Path) -> Iterator[str]:
    """Find the HLS key files: the second line of each information file names one."""
    for name in key_infos:
        if _is_local(name):
            try:
                text = read_beneath(folder, name, _MAX_KEY_INFO_BYTES).decode(errors="replace")
            except OSError:
                continue
            lines = text.splitlines()
            if len(lines) > 1 and lines[1].strip():
                yield lines[1].strip()


async def copy_key_files(
    key_infos: Iterable[str], folder: Path, stores: Stores, check_room: Callable[[int], None] = _ignore
) -> None:
    """Copy the HLS keys that information files name; the option policy judges arguments, not the content of files.

    Raises:
        InvalidJob: a key is no file of the job.
    """
    keys = list(find_key_files(key_infos, folder))
    for key in keys:
        if not _is_local(key) or ":" in key:
            raise InvalidJob(
                "The information file of an HLS key names a key that is no file of the job.",
                code="path_outside_root",
                hint="Name the key's file in its second line by a relative name, beside the information file.",
                where={"argument": "-hls_key_info_file"},
            )
    await copy_referenced_files(keys, folder, stores, check_room)


def _is_local(name: str) -> bool:
    """Whether a file below a folder can have this name."""
    try:
        check_name(name, what="input")
    except InvalidJob:
        return False
    return not PurePosixPath(name).is_absolute()
