"""Where something stands in the JSON, in the caller's own spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.composition.node import ALIASES, snake_case

_MAX_SHOWN = 200
Location = tuple[int | str, ...]
"""Keys and indexes, from the outside in."""

Origins = dict[Location, Location]
"""From locations in today's shape of a composition to those in the JSON as it came."""


@dataclass(frozen=True, slots=True)
class Written:
    """JSON as it came: `value`, which stands at the path `at` in the job."""

    value: Any
    at: str = ""
    origins: Origins = field(default_factory=dict)

    def path(self, location: Location) -> str:
        """The JSON path of a location."""
        for size in range(len(location), 0, -1):
            origin = self.origins.get(location[:size])
            if origin is not None:
                return written_path(self.value, (*origin, *location[size:]), self.at)
        return written_path(self.value, location, self.at)


def written_path(value: Any, location: Iterable[int | str], at: str = "") -> str:
    """The JSON path of a location given in canonical keys.

    What the caller abbreviated (a text for an object, one item for a list) has no path of its own: there, the
    path ends.

    Args:
        value: the JSON as it came.
        location: keys and indexes.
        at: path of `value` itself.
    """
    path = at
    for part in location:
        if isinstance(part, int) and isinstance(value, list):
            path += f"[{part}]"
            value = value[part] if part < len(value) else None
        elif isinstance(part, str) and isinstance(value, Mapping):
            key = _written_key(value, part)
            path += f".{key}" if path else key
            value = value.get(key)
    return path[:_MAX_SHOWN]


def value_at(value: Any, location: Iterable[int | str]) -> Any:
    """What stands there, `None` if nothing does."""
    for part in location:
        if isinstance(part, int) and isinstance(value, list):
            value = value[part] if part < len(value) else None
        elif isinstance(part, str) and isinstance(value, Mapping):
            value = value.get(_written_key(value, part))
    return value


def _written_key(value: Mapping[str, Any], part: str) -> str:
    if part in value:
        return part
    spellings = {part, *ALIASES.get(part, ())}
    return next((key for key in value if isinstance(key, str) and snake_case(key) in spellings), part)
