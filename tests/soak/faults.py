"""The faults that a run injects: how often, and whether each kind has happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from soak import fill_disk, kill_processes, start_second_workers
from soak.folders import RunFolders
from soak.run_end import RunEnd
from soak.run_record import RunRecord
from support.servers.api_server import Server

_KILL_JOB_S, _KILL_SPAWNER_S, _FILL_S, _SECOND_WORKER_S = 2.5, 15.0, 18.0, 6.0
_SIGNS = {
    "kill": lambda what: what.startswith("kill -9 of ") and not what.startswith("kill -9 of spawner"),
    "kill spawner": lambda what: what.startswith("kill -9 of spawner"),
    "full disk": lambda what: what.startswith("full disk"),
    "second worker": lambda what: what.startswith("second worker"),
}
"""Kinds of faults, and what they are called in the record."""


def inject_faults(
    server: Server,
    folders: RunFolders,
    record: RunRecord,
    chance: Callable[[str], random.Random],
    *,
    skip: frozenset[str],
    length_s: float,
    end: RunEnd,
) -> list[Coroutine[Any, Any, None]]:
    """Return what injects faults until the end of a run of `length_s` seconds.

    The pauses are shorter in a short run, so that each kind happens in half a minute. Kinds in `skip`, and those
    that are not possible here, are left out; the record says why.
    """
    kill, where = kill_processes.keep_killing, (server, record)
    fill, start = fill_disk.keep_filling, start_second_workers.keep_starting
    here, alone = (folders, record), asyncio.Lock()

    def pause_s(usual_s: float) -> float:
        return min(usual_s, length_s / 4)

    faults: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "kill": lambda: kill(*where, chance("kill"), end, pause_s=pause_s(_KILL_JOB_S), spawners=False),
        "kill spawner": lambda: kill(
            *where, chance("spawn"), end, pause_s=pause_s(_KILL_SPAWNER_S), spawners=True
        ),
        "full disk": lambda: fill(*here, chance("disk"), end, pause_s=pause_s(_FILL_S), alone=alone),
        "second worker": lambda: start(
            *here, chance("second worker"), end, pause_s=pause_s(_SECOND_WORKER_S), alone=alone
        ),
    }
    if not folders.has_own_disks:
        record.skipped["full disk"] = "this machine or user cannot mount small disks"
    if (reason := start_second_workers.why_no_networks()) is not None:
        record.skipped["second worker"] = reason
    record.skipped |= dict.fromkeys(sorted(skip), "as asked")
    return [make() for name, make in faults.items() if name not in record.skipped]


def missing_faults(record: RunRecord) -> list[str]:
    """The kinds of faults that have not happened yet, although they are not left out."""
    return [
        kind
        for kind, is_sign in _SIGNS.items()
        if kind not in record.skipped and not any(map(is_sign, record.faults))
    ]


def check_faults(record: RunRecord) -> None:
    """Record the kinds of faults that never happened."""
    for kind in missing_faults(record):
        record.violate("fault", f"{kind}: it never happened; a longer run injects more faults")
