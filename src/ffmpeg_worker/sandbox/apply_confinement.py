"""Applies a confinement: prepared before the fork, applied in the child, irrevocable."""

from __future__ import annotations

import fcntl
import os
import resource
from dataclasses import replace
from typing import Self

from ffmpeg_worker.sandbox import landlock, seccomp
from ffmpeg_worker.sandbox.bpf import Filter
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from ffmpeg_worker.sandbox.kernel import (
    PR_SET_NO_NEW_PRIVS,
    clear_capabilities,
    drop_capabilities,
    end_with_parent,
    prctl,
)
from ffmpeg_worker.sandbox.waiting_reads import MIN_OPEN_FILES, notify_reads, notifying_filter, place_tickets

CONFINEMENT_FAILED = "unconfined"
"""Error reason in the reply of a preloaded function that could not confine itself, and has ended."""

_CPU_GRACE_S = 5
_MIN_DESCRIPTOR = 128  # the child uses the descriptors from 0 on for its pipes
_SIGNALS_SCOPED_FROM = 6


class PreparedConfinement:
    """A confinement, prepared before the child exists. Raises OSError if a mechanism is unavailable."""

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        shares_user = confinement.uid is None
        self._limits = rlimits(_with_room_for_tickets(confinement), own_user=not shares_user)
        self._abi = landlock.detect_abi() if confinement.landlock else 0
        self._filter: Filter | None = None
        if confinement.seccomp:
            scoped = self._abi >= _SIGNALS_SCOPED_FROM or not shares_user
            self._filter = seccomp.filter_for(shares_user=shares_user, may_signal=scoped)
        self._notifying = notifying_filter() if confinement.tickets else None
        self._ruleset: int | None = None
        if confinement.landlock:
            made = landlock.make_ruleset(confinement, self._abi)
            self._ruleset = fcntl.fcntl(made, fcntl.F_DUPFD_CLOEXEC, _MIN_DESCRIPTOR)
            os.close(made)

    def apply(self, parent: int) -> None:
        """Confine this process, a child of `parent`, irrevocably. Raises OSError; the process must then end."""
        root, uid = self._confinement.root, self._confinement.uid
        for limit, values in self._limits:
            resource.setrlimit(limit, values)
        if root is not None:
            os.chroot(root)  # the working folder is below it
        drop_capabilities()
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        clear_capabilities()
        end_with_parent(parent)  # changing the user has reset it
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        if self._ruleset is not None:
            if self._confinement.names_threads:
                landlock.allow_thread_names(self._ruleset, self._abi)
            landlock.restrict(self._ruleset)
        if self._notifying is not None and self._confinement.listener_to is not None:
            place_tickets(self._confinement.tickets)
            notify_reads(self._notifying, self._confinement.listener_to)
        if self._filter is not None:
            self._filter.install()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ruleset is not None:
            os.close(self._ruleset)
            self._ruleset = None


def _with_room_for_tickets(confinement: Confinement) -> Limits:
    most = confinement.limits.open_files
    if not confinement.tickets or most is None:
        return confinement.limits
    return replace(confinement.limits, open_files=max(most, MIN_OPEN_FILES))


def rlimits(limits: Limits, *, own_user: bool) -> list[tuple[int, tuple[int, int]]]:
    """Soft and hard values by kernel limit, none above this process's own hard limit."""
    wanted = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_DATA: _both(limits.data_bytes),
        resource.RLIMIT_FSIZE: _both(limits.file_bytes),
        resource.RLIMIT_NOFILE: _both(limits.open_files),
        resource.RLIMIT_NPROC: _both(limits.processes if own_user else None),
        # Exceeding the soft limit sends SIGXCPU, which identifies the reason.
        resource.RLIMIT_CPU: None if limits.cpu_s is None else (limits.cpu_s, limits.cpu_s + _CPU_GRACE_S),
    }
    return [(limit, _within(limit, pair)) for limit, pair in wanted.items() if pair is not None]


def _both(value: int | None) -> tuple[int, int] | None:
    return None if value is None else (value, value)


def _within(limit: int, pair: tuple[int, int]) -> tuple[int, int]:
    maximum = resource.getrlimit(limit)[1]
    if maximum == resource.RLIM_INFINITY:
        return pair
    return min(pair[0], maximum), min(pair[1], maximum)
