"""A separate user ID for each job, unique on the whole machine."""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ffmpeg_worker.errors import QueueFull
from ffmpeg_worker.sandbox.user_claims import UserClaims, open_user_claims

COUNT = 4096
"""Number of user IDs, starting with the first one."""

_MIN_UNUSED = 8

_NEEDED = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7}
_NEEDED_FOR_ROOT = {"SYS_CHROOT": 18, "MKNOD": 27}


class JobUsers:
    """Assigns user IDs, of the `COUNT` ones from `first` on; the group ID is the same.

    Several workers on one machine use different IDs. Where they share the folder of locks, claims ensure that. In
    separate containers they begin at different places in the range, since the kernel counts the threads of a user
    in all of them. An ID with running processes is left alone, whoever they belong to: those of a worker that died
    end by themselves.
    """

    def __init__(self, first: int, claims: UserClaims) -> None:
        self._ids = deque(range(first, first + COUNT))
        self._ids.rotate(secrets.randbelow(COUNT))
        self._claims = claims
        self._free: deque[int] = deque()

    @contextmanager
    def borrow(self) -> Iterator[int]:
        """A user ID that no other job has while the block runs.

        Raises:
            QueueFull: all are in use.
        """
        # Not the most recently used one: a child of that job may not have ended yet.
        uid = self._free.popleft() if len(self._free) >= _MIN_UNUSED else self._claim()
        try:
            yield uid
        finally:
            self._free.append(uid)
            if len(self._free) > 2 * _MIN_UNUSED:  # release what a burst of jobs has claimed
                self._claims.release(self._free.popleft())

    def _claim(self) -> int:
        reason = None
        running = find_running_users()
        for uid in self._ids:
            if uid in running or uid in self._claims:
                continue
            try:
                if self._claims.claim(uid):
                    return uid
            except OSError as error:
                reason = str(error)
        if self._free:
            return self._free.popleft()
        raise QueueFull("All user IDs for jobs are in use.", hint="Try again later.", detail=reason)


@contextmanager
def open_job_users(first: int, lock_root: Path | None, scratch_root: Path) -> Iterator[JobUsers]:
    """The user IDs of one worker; for the folders see `open_user_claims`.

    Raises:
        Misconfigured: the folder of locks cannot be used.
    """
    with open_user_claims(lock_root, scratch_root) as claims:
        yield JobUsers(first, claims)


def find_running_users() -> set[int]:
    """The user IDs of all processes that this one can see."""
    found: set[int] = set()
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of names, of which only the numbers are needed
        if name.isdigit():
            with suppress(OSError):
                found |= user_ids(Path(f"/proc/{name}/status").read_text())
    return found


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
