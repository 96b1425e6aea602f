"""JSON paths in the spelling of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.composition.node import ALIASES, snake_case

_MAX_SHOWN = 200
Location = tuple[int | str, ...]
"""Keys and indexes from the outermost to the innermost."""

Origins = dict[Location, Location]
"""Maps locations in the current schema to those in the JSON that the caller sent."""


@dataclass(frozen=True, slots=True)
class OriginalJson:
    """The JSON that the caller sent: `value`, whose path in the job is `at`."""

    value: Any
    at: str = ""
    origins: Origins = field(default_factory=dict)

    def path(self, location: Location) -> str:
        """Return the JSON path of a location of the current schema.

        Shorthands (a string for an object, one item for a list) have no inner path: the path ends there.
        """
        for size in range(len(location), 0, -1):
            origin = self.origins.get(location[:size])
            if origin is not None:
                location = (*origin, *location[size:])
                break
        steps = "".join(step for step, _ in _descend(self.value, location))
        return (self.at + steps if self.at else steps.removeprefix("."))[:_MAX_SHOWN]


def value_at(value: Any, location: Iterable[int | str]) -> Any:
    """Return the value at a location, `None` if there is none."""
    return [value, *(inner for _, inner in _descend(value, location))][-1]


def join_path(at: str, key: str) -> str:
    """Return the JSON path of a key of the object at a path, shortened."""
    key = key[:_MAX_SHOWN]
    return f"{at}.{key}"[:_MAX_SHOWN] if at else key


Place = str | tuple[Any, int | str]
"""A JSON path that is built only for errors: a path, or the place of an object or list and a key or index."""


def path_of(place: Place) -> str:
    """Return the JSON path of a place, shortened."""
    steps: list[int | str] = []
    while not isinstance(place, str):
        place, step = place
        steps.append(step)
    path = place
    for step in reversed(steps):
        path = join_path(path, step) if isinstance(step, str) else f"{path}[{step}]"[:_MAX_SHOWN]
    return path


def _descend(value: Any, location: Iterable[int | str]) -> Iterator[tuple[str, Any]]:
    """Yield each step of a location as the caller wrote it, with the value there."""
    for part in location:
        if isinstance(part, int) and isinstance(value, list):
            value = value[part] if part < len(value) else None
            yield f"[{part}]", value
        elif isinstance(part, str) and isinstance(value, Mapping):
            key = _original_key(value, part)
            value = value.get(key)
            yield f".{key}", value


def _original_key(value: Mapping[str, Any], part: str) -> str:
    if part in value:
        return part
    spellings = {part, *ALIASES.get(part, ())}
    return next((key for key in value if isinstance(key, str) and snake_case(key) in spellings), part)
