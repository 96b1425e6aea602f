"""Facts about running processes, from /proc."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from support.find_paths import find_paths


def alive(pid: int) -> bool:
    """Whether the process runs: neither gone nor a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def with_argument(text: str) -> list[int]:
    """The pids of the living processes whose command line contains `text`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in line:
                found.append(int(entry.name))
    return found


def children_of(pid: int) -> list[int]:
    """The pids of the living children of a process."""
    found: list[int] = []
    for thread in find_paths(Path(f"/proc/{pid}/task"), "*/children"):
        with suppress(OSError):
            found += map(int, thread.read_text().split())
    return sorted(child for child in found if alive(child))


def spawners() -> list[int]:
    """The pids of the spawner programs that this process started."""
    found = []
    for pid in children_of(os.getpid()):
        try:
            if b"ffmpeg_worker.process.spawner_program" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def open_descriptors() -> int:
    """The number of open descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_bytes(pid: int | None = None) -> int:
    """The memory that a process (by default this one) holds, without its children."""
    status = Path(f"/proc/{pid or 'self'}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))


def renderers(worker: int | None = None) -> tuple[int | None, list[int]]:
    """The pid from which a worker (by default this process) forks renderers, or None, and its renderers."""
    for pid in children_of(os.getpid() if worker is None else worker):
        try:
            if b"raster.renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid, children_of(pid)
        except OSError:
            continue
    return None, []


def working_in(folder: Path) -> list[int]:
    """The pids of the living processes whose working directory is below `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if alive(pid)]
