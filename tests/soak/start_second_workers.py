"""Starts and stops second workers beside the first one."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time

from soak import second_worker
from soak.folders import RunFolders
from soak.run_record import RunRecord

_WITHIN_S = 120.0


def why_no_networks() -> str | None:
    """Why no process can get a network of its own here; None: it can."""
    try:
        subprocess.run(["unshare", "--net", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "networks of their own are not allowed here"
    return None


async def keep_starting(
    folders: RunFolders, record: RunRecord, chance: random.Random, end: float, *, pause_s: float
) -> None:
    """Start a second worker `pause_s` seconds after the one before has ended, until the time `end`."""
    while time.monotonic() < end:
        jobs = str(chance.randint(2, 6))
        process = await asyncio.create_subprocess_exec(
            *("unshare", "--net", sys.executable, "-m", second_worker.__name__, str(folders.root), jobs),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, errors = await asyncio.wait_for(process.communicate(), _WITHIN_S)
        except TimeoutError:
            process.kill()
            record.violate("second worker", f"it did not end within {_WITHIN_S:g} s")
            return
        record.faults["second worker started and stopped"] += 1
        for line in output.decode().splitlines():
            record.violate("second worker", line)
        if process.returncode not in {0, 1}:
            record.violate("second worker", errors.decode()[-500:])
        await asyncio.sleep(pause_s)
