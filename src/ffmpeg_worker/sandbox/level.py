"""How well jobs are held here, and what stands in the way of more."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum

from ffmpeg_worker.sandbox import landlock, seccomp
from ffmpeg_worker.sandbox.users import missing_for_root, missing_for_users


class Level(StrEnum):
    """How well jobs are held."""

    FULL = "full"
    """Landlock, a filter of system calls, and where the worker is root a user of its own for each job."""
    CHROOT = "chroot"
    """No Landlock; a root folder with next to nothing in it, the filter, and a user of its own for each job."""
    DEGRADED = "degraded"
    """Whatever of these there is."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SandboxSupport:
    """What this machine has to hold jobs with."""

    landlock_abi: int
    has_seccomp: bool
    no_users: str | None
    """Why jobs cannot have users of their own; `None`: they can."""
    no_root: str | None = None
    """Why jobs cannot have a root folder of their own; `None`: they can."""

    @property
    def level(self) -> Level:
        """The best that can be had."""
        if self.missing:
            return Level.DEGRADED
        return Level.FULL if self.landlock_abi > 0 else Level.CHROOT

    @property
    def missing(self) -> list[str]:
        """What stands in the way of a confinement that holds, in words."""
        found = []
        instead = self.no_users or self.no_root
        if self.landlock_abi == 0 and instead:
            found.append(f"instead of Landlock a root folder for jobs: {instead}")
            found.append("Landlock (Linux 5.13 or later, enabled, and not blocked by the container's profile)")
        elif self.landlock_abi < 3 and self.no_users:
            # Older ones do not keep a file of the same user from being truncated.
            found.append(f"Landlock ABI 3, or root for older ones: {self.no_users}")
        if not self.has_seccomp:
            found.append("seccomp filters on x86_64 or aarch64")
        return found


def detect_sandbox_support(first_uid: int) -> SandboxSupport:
    """Ask the kernel; takes well under a millisecond."""
    if sys.platform != "linux":
        return SandboxSupport(0, has_seccomp=False, no_users="this is not Linux")
    return SandboxSupport(
        landlock.detect_abi(), seccomp.is_available(), missing_for_users(first_uid), missing_for_root()
    )
