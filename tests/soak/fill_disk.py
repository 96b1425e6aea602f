"""Fills each disk of the worker to the last byte for a moment."""

from __future__ import annotations

import asyncio
import errno
import random
import time
from pathlib import Path

from soak.explain_failure import FULL_DISK
from soak.folders import RunFolders
from soak.run_end import RunEnd
from soak.run_record import InjectedFault, RunRecord

_CHUNK = b"\0" * (1 << 20)
_NAME = ".filler-of-the-soak"


async def keep_filling(
    folders: RunFolders,
    record: RunRecord,
    chance: random.Random,
    end: RunEnd,
    *,
    pause_s: float,
    alone: asyncio.Lock,
) -> None:
    """Fill the disks of the scratch folder and of the data root, one after the other, every `pause_s` seconds.

    `alone` is held meanwhile: another worker could not start on a full disk.
    """
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)
        async with alone:
            if end.has_come():
                return
            disks = (("scratch folder", folders.scratch), ("data root", folders.data))
            for name, folder in chance.sample(disks, len(disks)):
                await _fill_for_a_moment(folder / _NAME, record, chance.uniform(0.5, 1.5))
                record.faults[f"full disk of the {name}"] += 1


async def _fill_for_a_moment(path: Path, record: RunRecord, stay_s: float) -> None:
    began = time.monotonic()
    # Without end until the disk has space again; jobs that fail meanwhile are judged by it.
    record.injected.append(InjectedFault(FULL_DISK, began, float("inf")))
    number = len(record.injected) - 1
    try:
        await asyncio.to_thread(_fill, path)
        await asyncio.sleep(stay_s)
    finally:
        path.unlink(missing_ok=True)
        record.injected[number] = InjectedFault(FULL_DISK, began, time.monotonic())


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(_CHUNK)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
