"""How a refusal is worded: which argument, why, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ffmpeg_worker.errors import ForbiddenOption
from ffmpeg_worker.planning.option_policy.rule import Rule
from ffmpeg_worker.suggestions import find_nearest

_SHOWN = 64
_SEE_PAGE = "See docs/commands.md for what commands may use."


@dataclass(frozen=True, slots=True)
class ArgumentContext:
    """What is being judged: an argument of the command, and inside its value perhaps an option of a filter."""

    argument: str
    inner: str = ""

    def inside(self, inner: str) -> ArgumentContext:
        """Something inside the argument's value, e.g. `the filter "movie"`."""
        return replace(self, inner=inner)

    def refusal(self, why: str, instead: str = "") -> ForbiddenOption:
        """The error. `why` continues a sentence whose context is the option."""
        shown = self.argument[:_SHOWN]
        option = f'option "{shown}"' if shown.startswith("-") else shown
        context = f"In the {option}, {self.inner}" if self.inner else f"The {option}"
        return ForbiddenOption(f"{context} {why}.", hint=instead or None, where={"argument": shown})

    def by_rule(self, rule: Rule) -> ForbiddenOption:
        """The error for something that was judged and refused."""
        return self.refusal(f"is not accepted: {rule.reason}", rule.instead)

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> ForbiddenOption:
        """The error for a name that nobody has judged; `kind` is as in the codes of ffmpeg's own failures."""
        nearest = find_nearest(name, known)
        error = self.refusal(
            "is not known, or not let in",
            f'Did you mean "{"-" * (kind == "option")}{nearest}"?' if nearest else _SEE_PAGE,
        )
        error.code = f"{kind}_unknown"
        return error


def quoted(kind: str, name: str) -> str:
    """E.g. `the filter "movie"`."""
    return f'{kind} "{name[:_SHOWN]}"'
