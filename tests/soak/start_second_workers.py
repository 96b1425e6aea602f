"""Starts and stops second workers beside the first one."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys

from soak import second_worker
from soak.folders import RunFolders
from soak.run_end import RunEnd
from soak.run_record import RunRecord

WITHIN_S = 120.0


def why_no_networks() -> str | None:
    """Why no process can get a network of its own here; None: it can."""
    try:
        subprocess.run(["unshare", "--net", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "networks of their own are not allowed here"
    return None


async def keep_starting(
    folders: RunFolders,
    record: RunRecord,
    chance: random.Random,
    end: RunEnd,
    *,
    pause_s: float,
    alone: asyncio.Lock,
) -> None:
    """Start a second worker `pause_s` seconds after the one before has ended, until `end`.

    `alone` is held while it runs: it must not find the disk full.
    """
    while not end.has_come():
        async with alone:
            problems = await run_program(
                *("unshare", "--net", sys.executable, "-m", second_worker.__name__),
                *(str(folders.root), str(chance.randint(2, 6))),
            )
        record.faults["second worker started and stopped"] += 1
        for problem in problems:
            record.violate("second worker", problem)
        await asyncio.sleep(pause_s)


async def run_program(*command: str) -> list[str]:
    """Run a program that prints problems; a crash and no end are problems too."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return [f"it did not end within {WITHIN_S:g} s"]
    problems = output.decode(errors="replace").splitlines()
    if process.returncode and not problems:
        problems.append(f"it ended with status {process.returncode}: {errors.decode(errors='replace')[-500:]}")
    return problems
