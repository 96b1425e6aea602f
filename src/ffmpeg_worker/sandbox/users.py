"""A separate user ID for each job, unique on the whole machine."""

from __future__ import annotations

import os
import signal
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ffmpeg_worker.errors import QueueFull

COUNT = 4096
"""Number of user IDs, starting with the first one."""

_MIN_UNUSED = 8

_NEEDED = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7}
_NEEDED_FOR_ROOT = {"SYS_CHROOT": 18, "MKNOD": 27}


class JobUsers:
    """Assigns user IDs, starting at `first`; the group ID is the same.

    Several workers on one machine use different IDs: a worker claims an ID by binding an abstract socket of that
    name, which the kernel releases when the worker dies.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._claims: dict[int, socket.socket] = {}
        self._free: deque[int] = deque()

    @contextmanager
    def borrow(self) -> Iterator[int]:
        """A user ID that no other job has while the block runs."""
        # Not the most recently used one: a child of that job may not have ended yet.
        uid = self._free.popleft() if len(self._free) >= _MIN_UNUSED else self._claim()
        try:
            yield uid
        finally:
            self._free.append(uid)
            if len(self._free) > 2 * _MIN_UNUSED:  # release what a burst of jobs has claimed
                self._claims.pop(self._free.popleft()).close()

    def close(self) -> None:
        """Release all user IDs."""
        for claim in self._claims.values():
            claim.close()
        self._claims.clear()
        self._free.clear()

    def _claim(self) -> int:
        for uid in range(self._first, self._first + COUNT):
            if uid in self._claims:
                continue
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                claim.bind(f"\0ffmpeg-worker-user-{uid}")
            except OSError:
                claim.close()
                continue
            self._claims[uid] = claim
            end_processes_of(uid)
            return uid
        if self._free:
            return self._free.popleft()
        raise QueueFull("All user IDs for jobs are in use.", hint="Try again later.")


def end_processes_of(uid: int) -> None:
    """Kill processes that a worker may have left when it died."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            if uid in user_ids((folder / "status").read_text()):
                os.kill(int(folder.name), signal.SIGKILL)


def user_ids(status: str) -> set[int]:
    """The user IDs in the content of `/proc/<pid>/status`."""
    line = next((line for line in status.splitlines() if line.startswith("Uid:")), "")
    return {int(number) for number in line.split()[1:]}


def missing_for_users(first: int) -> str | None:
    """Why jobs cannot have separate users on this machine; `None`: they can."""
    if os.geteuid() != 0:
        return "the worker is not root"
    lacking = _lacking(_NEEDED)
    if lacking:
        return f"the worker lacks the capabilities {', '.join(lacking)}"
    mapped = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    if not any(int(start) <= first and first + COUNT <= int(start) + int(length) for start, _, length in mapped):
        return f"the user IDs from {first} on do not exist in this container (see FFMPEG_WORKER_SANDBOX_FIRST_UID)"
    return None


def missing_for_root() -> str | None:
    """Why jobs cannot have their own root folder on this machine; `None`: they can."""
    lacking = _lacking(_NEEDED_FOR_ROOT)
    return f"the worker lacks the capabilities {', '.join(lacking)}" if lacking else None


def _lacking(needed: Mapping[str, int]) -> list[str]:
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    return [name for name, bit in needed.items() if not held >> bit & 1]
