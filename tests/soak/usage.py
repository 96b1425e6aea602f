"""Memory, descriptors, threads and children of the server over time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from support.processes import children_of

MAX_RESIDENT_BYTES = 400_000_000
MAX_GROWTH_BYTES = 48 << 20
"""More than the heap varies by how large requests coincide; a leak grows beyond it in a longer run."""
_MIN_SECONDS = 45.0
"""In a shorter run, memory that is used for the first time looks like growth."""


@dataclass(frozen=True)
class Sample:
    """The server's own resident bytes, and its peak; descriptors, threads, and processes below it."""

    at: float
    resident: int
    peak: int
    descriptors: int
    threads: int
    children: int


def take_sample(pid: int) -> Sample:
    """Read /proc.

    Raises:
        OSError: the process has ended.
    """
    proc = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return Sample(
        time.monotonic(),
        _kib(status["VmRSS"]),
        _kib(status["VmHWM"]),
        len(list((proc / "fd").iterdir())),
        int(status["Threads"]),
        len(descendants_of(pid)),
    )


def descendants_of(pid: int) -> list[int]:
    """The pids of all living processes below a process."""
    children = children_of(pid)
    return children + [below for child in children for below in descendants_of(child)]


def _kib(value: str) -> int:
    return int(value.split(maxsplit=1)[0]) << 10


@dataclass
class UsageSeries:
    """The samples of a run, in order."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def peak(self) -> int:
        return max((sample.peak for sample in self.samples), default=0)

    @property
    def median(self) -> int:
        return int(median(sample.resident for sample in self.samples)) if self.samples else 0

    def thirds(self) -> tuple[int, int]:
        """The median resident bytes of the first and of the last third."""
        third = max(1, len(self.samples) // 3)
        first, last = self.samples[:third], self.samples[-third:]
        return int(median(s.resident for s in first)), int(median(s.resident for s in last))

    def problems(self) -> list[tuple[str, str]]:
        """Kinds and details of violations: too much memory, or memory that grows."""
        found = []
        if self.peak > MAX_RESIDENT_BYTES:
            found.append(
                ("memory", f"the server's peak was {self.peak / 1e6:.0f} MB, over {MAX_RESIDENT_BYTES / 1e6:.0f}")
            )
        if self.samples and self.samples[-1].at - self.samples[0].at >= _MIN_SECONDS:
            first, last = self.thirds()
            if last > first + MAX_GROWTH_BYTES:
                text = f"median of the first third {first / 1e6:.0f} MB, of the last third {last / 1e6:.0f} MB"
                found.append(("memory grows", text))
        return found
