"""What one child may touch, as a value that can travel in a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use; `None` leaves a limit as it is.

    `processes` counts processes and threads of the child's own user, so it needs one.
    """

    cpu_s: int | None = None
    data_bytes: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Confinement:
    """Paths that a child may reach (absolute; a folder means all below it), who it is, and what it may use.

    `devices` are read and written, `executable` files are read and run. `uid` is also the group; `None` keeps the
    worker's. `landlock` and `seccomp` say which walls are put up: one that is asked for and cannot be had ends
    the child. `root` becomes the root folder of the child, which works below it. `names_threads`: it
    may write the names of its own threads, without which CUDA does not start.
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

    def as_message(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> Confinement:
        """What `as_message` made, also after a way through JSON."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in message.items()
        }
        return cls(**{**fields, "limits": Limits(**message["limits"])})
