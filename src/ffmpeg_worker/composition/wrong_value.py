"""What a rule says about a value that it refuses."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import PydanticCustomError

from ffmpeg_worker.suggestions import find_nearest


def wrong_value(what: str, hint: str | None = None) -> PydanticCustomError:
    """The error of a validator: `what` continues the field's path ("must be positive"); no value stands in it."""
    return PydanticCustomError("wrong_value", "{what}", {"what": what, "hint": hint or ""})


def did_you_mean_end(name: str, known: Iterable[str]) -> str | None:
    """Like `did_you_mean`, for names with dots in them, of which only the last part is compared."""
    by_end = {item.rpartition(".")[2]: item for item in known}
    nearest = find_nearest(name, by_end)
    return None if nearest is None else f'Did you mean "{by_end[nearest]}"?'
