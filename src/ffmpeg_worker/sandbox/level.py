"""The sandbox level that this machine supports, and the mechanisms that it lacks for a higher one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum

from ffmpeg_worker.sandbox import landlock, seccomp
from ffmpeg_worker.sandbox.users import missing_for_root, missing_for_users


class Level(StrEnum):
    """Strength of the sandbox, from the strongest to none."""

    FULL = "full"
    """Landlock and a seccomp filter; if the worker is root, also a separate user for each job."""
    CHROOT = "chroot"
    """A minimal root folder instead of Landlock, a seccomp filter, and a separate user for each job."""
    DEGRADED = "degraded"
    """Only some of these."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SandboxSupport:
    """The confinement mechanisms of this machine."""

    landlock_abi: int
    has_seccomp: bool
    no_users: str | None
    """Why jobs cannot have separate users; `None`: they can."""
    no_root: str | None = None
    """Why jobs cannot have their own root folder; `None`: they can."""

    @property
    def level(self) -> Level:
        """The strongest level that is possible."""
        if self.missing:
            return Level.DEGRADED
        return Level.FULL if self.landlock_abi > 0 else Level.CHROOT

    @property
    def missing(self) -> list[str]:
        """The mechanisms that are missing for the levels `full` and `chroot`, as texts for the operator."""
        found = []
        instead = self.no_users or self.no_root
        if self.landlock_abi == 0 and instead:
            found.append(f"a root folder for jobs, instead of Landlock: {instead}")
            found.append("Landlock (Linux 5.13 or later, enabled, and not blocked by the container's profile)")
        elif self.landlock_abi < 3 and self.no_users:
            # Older versions do not restrict truncating files of the same user.
            found.append(f"Landlock ABI 3, or root for older ones: {self.no_users}")
        if not self.has_seccomp:
            found.append("seccomp filters on x86_64 or aarch64")
        return found


def detect_sandbox_support(first_uid: int) -> SandboxSupport:
    """Query the kernel; takes well under a millisecond."""
    if sys.platform != "linux":
        return SandboxSupport(0, has_seccomp=False, no_users="this is not Linux")
    return SandboxSupport(
        landlock.detect_abi(), seccomp.is_available(), missing_for_users(first_uid), missing_for_root()
    )
