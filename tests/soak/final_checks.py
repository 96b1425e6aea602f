"""Waits until the worker is idle again, and compares what it holds with the start."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path

from soak.folders import RunFolders
from soak.resources import CACHE_FOLDER, HeldResources
from soak.run_record import RunRecord
from soak.usage import descendants_of
from soak.worker_process import FIRST_UID, stop_worker
from support.processes import alive
from support.servers.api_server import Server

IDLE_WITHIN_S = 60.0
_POLL_S = 0.5
_MAX_TEXT = 400
CLAIMS_FOLDER = "users"
"""Name of the folder in the scratch folder that has the locks of user ids, where `/run` cannot be used."""
_MAX_CALLS = 6
_BEGIN = re.compile("Task exception|Exception|Unclosed|Future exception|Fatal")
"""Beginnings of messages that libraries write as plain text, of several lines."""
_CALL = re.compile(r'File "([^"]+)", line (\d+) in (\S+)')
_VARIABLE = re.compile(r"[0-9a-f-]{8,}|\d+")


def look(server: Server, folders: RunFolders) -> HeldResources:
    """What the server holds now."""
    return HeldResources.of(server, folders.temporary, FIRST_UID)


def job_folders(server: Server) -> list[str]:
    """The workspaces of jobs that run now."""
    return [folder.name for folder in server.job_folders() if folder.name != CACHE_FOLDER]


async def wait_until_idle(server: Server) -> bool:
    """Wait until nothing of any job is left."""
    deadline = time.monotonic() + IDLE_WITHIN_S
    while time.monotonic() < deadline:
        if not job_folders(server) and not server.engines():
            return True
        await asyncio.sleep(_POLL_S)
    return False


async def check_resources(server: Server, folders: RunFolders, before: HeldResources, record: RunRecord) -> None:
    """Record what is still more than before after a minute without jobs."""
    if not await wait_until_idle(server):
        jobs, programs = job_folders(server), server.engines()
        record.violate("not idle", f"after {IDLE_WITHIN_S:g} s: jobs {jobs}, programs {programs}")
    deadline = time.monotonic() + IDLE_WITHIN_S
    more = look(server, folders).more_than(before)
    while more and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_S)
        more = look(server, folders).more_than(before)
    for what in more:
        record.violate("leak", f"{what}, {IDLE_WITHIN_S:g} s after the last job")


async def check_end(server: Server, folders: RunFolders, record: RunRecord) -> None:
    """Stop the server; record what does not end, and what stays on the disk."""
    below = descendants_of(server.pid)
    problem = await asyncio.to_thread(stop_worker, server.process)
    if problem:
        record.violate("shutdown", problem)
    left = [pid for pid in below if alive(pid)]
    if left:
        record.violate("shutdown", f"{len(left)} processes outlive the worker: {left}")
    for folder in (folders.scratch, folders.temporary):
        names = sorted(path.name for path in folder.iterdir() if path.name != CLAIMS_FOLDER)
        if names:
            record.violate("shutdown", f"{len(names)} entries stay in {folder.name}: {names[:5]}")


def read_stack(log: str) -> str:
    """The innermost calls of the main thread, as the fault handler has written them, innermost first."""
    _, _, stack = log.rpartition("Current thread")
    calls = _CALL.findall(stack.partition("\n\n")[0])[:_MAX_CALLS]
    named = [f"{Path(path).name}:{line} {function}" for path, line, function in calls]
    return " < ".join(named) or "an unknown place"


def check_log(log: Path, record: RunRecord) -> None:
    """Record errors in the server's log; those that differ in numbers only are one."""
    texts, plain = [], ""
    for line in log.read_text(errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            if _BEGIN.match(line):
                texts.append(plain)
                plain = ""
            plain += f"{line}\n"
            continue
        if "traceback" in event or event.get("level") in {"error", "critical"}:
            texts.append(f"{event['event']}: {event.get('traceback', event)}")
    alike: dict[str, list[str]] = {}
    for text in filter(None, [*texts, plain]):
        alike.setdefault(_VARIABLE.sub("", text), []).append(text)
    for same in alike.values():
        record.violate("log", f"{len(same)} times: {_shorten(same[0].strip())}")


def _shorten(text: str) -> str:
    """Leave out the middle of a long text, and marks below lines of code."""
    text = "\n".join(line for line in text.splitlines() if line.strip(" ^~"))
    return text if len(text) <= 2 * _MAX_TEXT else f"{text[:_MAX_TEXT]} … {text[-_MAX_TEXT:]}"
