"""A job as the platform that hands it out knows it: by an id, and perhaps more than once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

PLATFORM_JOB_HEADER = "X-Platform-Job-Id"
"""HTTP header with the id of a job at its platform."""

_ID = re.compile(r"[A-Za-z0-9._:~-]{1,256}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class PlatformJob:
    """Identity of a job that its platform may hand out again, when it believes that the first worker is dead.

    `digest` is that of the request: the same id with another digest is another job.
    """

    id: str
    digest: str

    @property
    def name(self) -> str:
        """The id, or what stands for it, as a part of an object key."""
        if _PLAIN_NAME.fullmatch(self.id):
            return self.id
        return hashlib.sha256(self.id.encode()).hexdigest()


def is_platform_id(text: str) -> bool:
    """Whether this is an id that a platform may give a job."""
    return _ID.fullmatch(text) is not None
