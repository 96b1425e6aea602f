"""What a rule says about a value that it refuses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic_core import PydanticCustomError


def wrong_value(what: str, hint: str | None = None) -> PydanticCustomError:
    """The error of a validator: `what` continues the field's path ("must be positive"); no value stands in it."""
    return PydanticCustomError("wrong_value", "{what}", {"what": what, "hint": hint or ""})


def nearest_end(name: str, known: Iterable[str]) -> str | None:
    """The same for names with dots in them, of which only the last part is compared."""
    by_end = {item.rpartition(".")[2]: item for item in known}
    near = difflib.get_close_matches(name.lower(), by_end, n=1, cutoff=0.6)
    return f'Did you mean "{by_end[near[0]]}"?' if near else None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint with the known name that is most like this one."""
    names = list(known)
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else None
