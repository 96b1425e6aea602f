"""What is worth knowing about a composition that can be rendered all the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LintWarning:
    """One finding; `where` is the JSON path in the composition."""

    where: str
    code: str
    message: str
    hint: str | None = None
