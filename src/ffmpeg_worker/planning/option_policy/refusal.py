"""Errors of the option policy: which argument is refused, why, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ffmpeg_worker.errors import ForbiddenOption
from ffmpeg_worker.planning.option_policy.rule import Rule
from ffmpeg_worker.suggestions import find_nearest

_MAX_SHOWN = 64
_SEE_PAGE = "See docs/commands.md for what commands may use."


@dataclass(frozen=True, slots=True)
class ArgumentContext:
    """The argument under check, from which errors are built.

    Attributes:
        argument: an option as written, e.g. `-vf`, or `output`.
        inner: what is checked inside its value, e.g. `the filter "movie"`; empty for the value itself.
    """

    argument: str
    inner: str = ""

    def inside(self, inner: str) -> ArgumentContext:
        """The context of something inside the argument's value."""
        return replace(self, inner=inner)

    def refusal(self, why: str, instead: str = "") -> ForbiddenOption:
        """The error. `why` continues a sentence whose subject is the argument, or `inner`."""
        shown = self.argument[:_MAX_SHOWN]
        option = f'option "{shown}"' if shown.startswith("-") else shown
        subject = f"In the {option}, {self.inner}" if self.inner else f"The {option}"
        return ForbiddenOption(f"{subject} {why}.", hint=instead or None, where={"argument": shown})

    def refused_by(self, rule: Rule) -> ForbiddenOption:
        """The error for a name that a rule refuses."""
        return self.refusal(f"is not accepted: {rule.reason}", rule.instead)

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> ForbiddenOption:
        """The error for a name without a rule. `kind` is the beginning of its code, e.g. `filter`."""
        nearest = find_nearest(name, known)
        error = self.refusal(
            "is unknown or not accepted",
            f'Did you mean "{"-" * (kind == "option")}{nearest}"?' if nearest else _SEE_PAGE,
        )
        error.code = f"{kind}_unknown"
        return error


def quote_name(kind: str, name: str) -> str:
    """`kind` and the shortened name in quotation marks, e.g. `the filter "movie"`."""
    return f'{kind} "{name[:_MAX_SHOWN]}"'
