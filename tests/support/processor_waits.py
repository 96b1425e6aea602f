"""How long a server, and the program that asks it, have waited for a processor that others used."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def read_waits(server: int) -> dict[str, float]:
    """Seconds that each thread of the server, and this program (""), have waited for a processor so far."""
    clocks = {"": Path("/proc/self/schedstat")}
    with suppress(OSError):
        clocks |= {task.name: task / "schedstat" for task in Path(f"/proc/{server}/task").iterdir()}
    waits = {}
    for name, clock in clocks.items():
        with suppress(OSError, IndexError):
            waits[name] = int(clock.read_text().split()[1]) / 1e9
    return waits


def waited_between(before: Mapping[str, float], after: Mapping[str, float], *, server: int) -> float:
    """Seconds that a response was late because the machine was busy.

    They are those of this program, of the server's main thread, and of the other thread that waited longest, which
    may have held the interpreter's lock.
    """
    waits = {name: after[name] - before.get(name, after[name]) for name in after}
    own = waits.pop("", 0.0) + waits.pop(str(server), 0.0)
    return own + max(waits.values(), default=0.0)
