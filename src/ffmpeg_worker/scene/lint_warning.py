"""A remark about a composition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LintWarning:
    """Something odd in a composition that can be rendered nevertheless; `where` is its JSON path."""

    where: str
    code: str
    message: str
    hint: str | None = None
