"""The access rights and limits of one child process, as a value that can be sent in a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of one child; `None` leaves a limit unchanged.

    `processes` counts the processes and threads of a user, so it applies only to a child with its own user.
    """

    cpu_s: int | None = None
    data_bytes: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Confinement:
    """Paths that a child may access (absolute; a folder includes everything below it), its user, and its limits.

    `devices` may be read and written, `executable` files read and run. `uid` is also the group; `None` keeps the
    worker's user. `landlock` and `seccomp`: apply this mechanism; a child ends if it cannot be applied. `root`
    becomes the root folder of the child, whose working folder is below it. `names_threads`: the child may set the
    names of its own threads, without which CUDA does not start. `tickets`: how many files it may read whose bytes
    are still to come (see waiting_reads.py); `listener_to` is then its descriptor of a socket to the worker.
    """

    writable: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    uid: int | None = None
    limits: Limits = Limits()
    landlock: bool = True
    seccomp: bool = True
    root: str | None = None
    names_threads: bool = False
    tickets: int = 0
    listener_to: int | None = None

    def as_message(self) -> dict[str, Any]:
        """The value as JSON."""
        message = {each.name: getattr(self, each.name) for each in fields(self)}
        return message | {"limits": {each.name: getattr(self.limits, each.name) for each in fields(self.limits)}}

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> Confinement:
        """The value of a message that `as_message` has made."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in message.items()
        }
        return cls(**{**fields, "limits": Limits(**message["limits"])})
