"""What a server holds while it is idle, and what is more than before."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.sandbox.users import user_ids
from ffmpeg_worker.storage.local.roots import KEY_FOLDERS
from soak.usage import descendants_of
from support.find_paths import find_paths
from support.servers.api_server import Server

CACHE_FOLDER = "kept"
"""Name of the folder of fetched inputs, beside the workspaces of jobs."""
USER_CLAIM = "user claim"
KEPT_CLAIMS = 16
"""User numbers that an idle worker keeps for its next jobs, with one descriptor each."""
_KEPT_THREADS = 40
"""Threads of pools, which are started when they are needed and stay."""
_CLAIM = re.compile(r"\buser-\d+$")
_TCP_STATES = {"01": "established", "08": "close-wait", "0A": "listening"}


@dataclass(frozen=True)
class HeldResources:
    """What a server holds: descriptors by kind, and so on; files are names."""

    descriptors: Counter[str]
    threads: int
    children: Counter[str]
    scratch: frozenset[str]
    temporary: frozenset[str]
    hidden: frozenset[str]
    job_users: int

    @classmethod
    def of(cls, server: Server, temporary: Path, first_uid: int) -> HeldResources:
        """Look at a server; `temporary` is its folder of temporary files."""
        pid = server.pid
        return cls(
            _descriptors(pid),
            len(list(Path(f"/proc/{pid}/task").iterdir())),
            Counter(name_process(child) for child in descendants_of(pid)),
            frozenset(n for n in _names(server.scratch_root, deep=True) if f"/{CACHE_FOLDER}/" not in n),
            _names(temporary),
            frozenset(name for name in _names(server.data_root, deep=True) if _is_hidden(name)),
            sum(user_of(int(entry.name)) >= first_uid for entry in Path("/proc").glob("[0-9]*")),
        )

    def more_than(self, before: HeldResources) -> list[str]:
        """What is more than before, beyond what an idle worker may keep."""
        found = [
            f"{more} more descriptors: {kind}"
            for kind, more in (self.descriptors - before.descriptors).items()
            if kind != USER_CLAIM or self.descriptors[kind] > KEPT_CLAIMS
        ]
        if self.threads > before.threads + _KEPT_THREADS:
            found.append(f"{self.threads} threads, {before.threads} before")
        found += [f"{more} more processes: {kind}" for kind, more in (self.children - before.children).items()]
        for what in ("scratch", "temporary", "hidden"):
            names = sorted(getattr(self, what) - getattr(before, what))
            if names:
                found.append(f"{len(names)} {what} files: {', '.join(names[:5])}")
        if self.job_users > before.job_users:
            found.append(f"{self.job_users - before.job_users} more processes of jobs' users")
        return found


def name_process(pid: int) -> str:
    """The kind of a process below a server."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        program = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return "gone"
    text = " ".join(arguments)
    if "raster.renderer" in text:
        return "renderer"
    if "probe" in text and "spawner" in text:
        return "probe"
    return "spawner" if "spawner" in text else program.partition("-")[0]


def _descriptors(pid: int) -> Counter[str]:
    sockets = _sockets(pid)
    kinds: Counter[str] = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        kind, _, number = target.partition(":[")
        if kind == "socket":
            kind = sockets.get(number.rstrip("]"), "socket")
        kinds[USER_CLAIM if _CLAIM.search(kind) else kind] += 1
    return kinds


def _sockets(pid: int) -> dict[str, str]:
    """Kinds of the sockets in the server's network, by inode."""
    kinds: dict[str, str] = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            kinds[fields[9]] = f"TCP socket, {_TCP_STATES.get(fields[3], f'state {fields[3]}')}"
    for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        kinds[fields[6]] = USER_CLAIM if len(fields) > 7 and _CLAIM.search(fields[7]) else "unix socket"
    return kinds


def _names(folder: Path, *, deep: bool = False) -> frozenset[str]:
    found = find_paths(folder, "**/*" if deep else "*")
    return frozenset(str(path.relative_to(folder)) for path in found)


def _is_hidden(name: str) -> bool:
    """Whether a name below the data root is hidden; the folders of keys are not."""
    folder, _, rest = name.partition("/")
    return "/." in f"/{rest if folder == KEY_FOLDERS else name}"


def user_of(pid: int) -> int:
    """The user of a process; -1: it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return -1
    # Not the owner of the folder in /proc: that is root for a process that has changed its user.
    return max(user_ids(status))
