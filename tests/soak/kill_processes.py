"""Kills random processes of the worker: programs of jobs, and the spawners that start them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from soak.resources import name_process, user_of
from soak.run_end import RunEnd
from soak.run_record import InjectedFault, RunRecord
from soak.usage import descendants_of
from soak.worker_process import FIRST_UID
from support.find_paths import find_paths
from support.processes import children_of
from support.servers.api_server import Server

_LOOK_AGAIN_S = 0.02
_AT_WORK = 0.9
"""How often a process that works for a job is chosen, if there is one."""


@dataclass(frozen=True)
class WorkerChild:
    """A process below the worker; `job_id` is the only job that its end can harm, None: any job."""

    pid: int
    what: str
    job_id: str | None
    is_at_work: bool = False
    """Whether it works for a job, and does not only wait for one."""


def find_children(server: Server) -> list[WorkerChild]:
    """The living processes below the worker."""
    spawners = children_of(server.pid)
    found = [WorkerChild(pid, f"spawner of {name_process(pid)}", None) for pid in spawners]
    below = [pid for pid in descendants_of(server.pid) if pid not in spawners]
    return found + [_describe(pid, server.scratch_root) for pid in below]


def _describe(pid: int, scratch: Path) -> WorkerChild:
    job_id = job_of(_folder_of(pid), scratch) or job_of_user(user_of(pid), scratch)
    return WorkerChild(pid, name_process(pid), job_id, is_at_work=job_id is not None)


def job_of(folder: Path | None, scratch: Path) -> str | None:
    """The job in whose workspace a folder is: workspaces are named after the job, with a suffix."""
    if folder is None or not folder.is_relative_to(scratch):
        return None
    parts = folder.relative_to(scratch).parts
    return parts[1].rpartition("-")[0] if len(parts) > 1 else None


def job_of_user(user: int, scratch: Path) -> str | None:
    """The job in whose workspace a folder belongs to this user, if it is one of the users of jobs."""
    if user < FIRST_UID:
        return None
    for folder in find_paths(scratch, "worker-*/*/*"):
        with suppress(OSError):
            if folder.stat().st_uid == user:
                return job_of(folder, scratch)
    return None


def _folder_of(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


async def keep_killing(
    server: Server, record: RunRecord, chance: random.Random, end: RunEnd, *, pause_s: float, spawners: bool
) -> None:
    """Kill a random process every `pause_s` seconds on average, until `end`."""
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)
        found: list[WorkerChild] = []
        while not found:
            if end.has_come():
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
            found = [each for each in find_children(server) if each.what.startswith("spawner of") == spawners]
        at_work = [each for each in found if each.is_at_work]
        _kill(chance.choice(at_work if at_work and chance.random() < _AT_WORK else found), record)


def _kill(found: WorkerChild, record: RunRecord) -> None:
    # Recorded before: the job may fail before this program goes on.
    what = f"kill -9 of {found.what}"
    now = time.monotonic()
    record.injected.append(InjectedFault(what, now, now, found.job_id))
    try:
        os.kill(found.pid, signal.SIGKILL)
    except ProcessLookupError:
        record.injected.pop()
        return
    record.faults[what] += 1
