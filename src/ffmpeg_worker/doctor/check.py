"""What one check found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """The worker runs, but something will be missing or deserves a look."""
    FAIL = "fail"
    """Jobs will fail, or the worker does not start."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `hint` says what to change."""

    name: str
    verdict: Verdict
    found: str
    hint: str | None = None
