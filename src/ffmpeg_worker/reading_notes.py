"""Notes for callers about fields that were read as something else than was written."""

from __future__ import annotations

from enum import StrEnum

_MAX_SHOWN_PATHS = 20


class Reading(StrEnum):
    """What a value was read as, as the beginning of a sentence that ends with the paths."""

    NOT_GIVEN = "Read as not given, because empty or null"
    NUMBER = "Read text as a number"
    SWITCH = "Read text as true or false"
    IGNORED = "Ignored, because it has no meaning here"


class ReadingNotes:
    """Collects how values were read, and tells the caller in a few sentences, which name fields but no values."""

    def __init__(self) -> None:
        self._paths: dict[Reading, dict[str, None]] = {reading: {} for reading in Reading}

    def add(self, path: str, reading: Reading) -> None:
        """Note how the value at a JSON path was read."""
        self._paths[reading][path] = None

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence for each way of reading that was used."""
        return tuple(f"{reading}: {_list(list(paths))}." for reading, paths in self._paths.items() if paths)


def _list(paths: list[str]) -> str:
    shown = ", ".join(f'"{path}"' for path in paths[:_MAX_SHOWN_PATHS])
    more = len(paths) - _MAX_SHOWN_PATHS
    return f"{shown} and {more} more" if more > 0 else shown
