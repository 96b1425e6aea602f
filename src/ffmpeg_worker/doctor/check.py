"""Result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Verdict of a check."""

    OK = "ok"
    WARN = "warn"
    """The worker runs, but a feature is missing or a limit is near."""
    FAIL = "fail"
    """Jobs fail, or the worker does not start."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `hint` says what to change."""

    name: str
    verdict: Verdict
    found: str
    hint: str | None = None
