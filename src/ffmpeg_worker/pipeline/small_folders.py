"""Works on a small folder at once, and on others in a thread: a thread costs more than looking at a few files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ffmpeg_worker.tasks import finish_then_cancel

_MAX_ENTRIES = 32

T = TypeVar("T")


async def work_on_folder(folder: Path, work: Callable[[], T]) -> T:
    """Return the result of `work`, whose time grows with what is below `folder`.

    It is called on the event loop if that is at most 32 files and folders, else in a thread. A cancellation is
    raised after the work has ended.
    """
    return work() if has_few_entries(folder) else await finish_then_cancel(asyncio.to_thread(work))


def has_few_entries(folder: Path) -> bool:
    """Whether at most 32 files and folders are below a folder."""
    try:
        return sum(1 for _ in islice(find_entries(folder), _MAX_ENTRIES + 1)) <= _MAX_ENTRIES
    except OSError:
        return False


def find_entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, without following links.

    Raises:
        OSError: a folder cannot be read.
    """
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
