"""What happened in a run: jobs, injected faults, and violations of what a worker promises."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_REMEMBERED_REQUESTS = 2000


@dataclass(frozen=True)
class Violation:
    """A broken promise: its kind, and the evidence."""

    kind: str
    detail: str
    at_s: float


@dataclass(frozen=True)
class InjectedFault:
    """Something that this program did to the worker, from `began` to `ended` (monotonic seconds).

    `job_id` is the only job that it can have harmed; None: any job.
    """

    what: str
    began: float
    ended: float
    job_id: str | None = None


@dataclass
class _Request:
    name: str
    began: float
    ended: float | None = None


@dataclass
class RunRecord:
    """Counts by name, and the violations in order."""

    began: float = field(default_factory=time.monotonic)
    right: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    resent: Counter[str] = field(default_factory=Counter)
    refused_busy: Counter[str] = field(default_factory=Counter)
    slowest_s: dict[str, float] = field(default_factory=dict)
    hostile: Counter[str] = field(default_factory=Counter)
    responses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    is_closed: bool = False
    """Whether further violations are only results of the last one."""
    injected: list[InjectedFault] = field(default_factory=list)
    _requests: deque[_Request] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_REQUESTS))

    def violate(self, kind: str, detail: str) -> None:
        """Record a violation."""
        if not self.is_closed:
            self.violations.append(Violation(kind, detail, time.monotonic() - self.began))

    @contextmanager
    def request(self, name: str) -> Iterator[None]:
        """Remember when a request was under way, as evidence for stalls."""
        request = _Request(name, time.monotonic())
        self._requests.append(request)
        try:
            yield
        finally:
            request.ended = time.monotonic()

    def under_way(self, began: float, ended: float) -> list[str]:
        """The names of the requests that were under way in this time, without repetitions."""
        names = [
            request.name
            for request in self._requests
            if request.began < ended and (request.ended is None or request.ended > began)
        ]
        return list(dict.fromkeys(names))
