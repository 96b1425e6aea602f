"""What rendering and looking through have in common: rows of variables, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.scene.scene import Scene

Given = TypeVar("Given")
RenderedParts = TypeVar("RenderedParts")


def for_each_row(
    rows: Iterable[Given], make: Callable[[int, Given], RenderedParts], *, is_many: bool
) -> list[RenderedParts]:
    """What is made of each row, by its number.

    Raises:
        WorkerError: of `make`, with the row where there are several.
    """
    found = []
    for row, given in enumerate(rows):
        try:
            found.append(make(row, given))
        except WorkerError as error:
            raise error.at(row=row) if is_many else error from None
    return found


def describe_video(scene: Scene, part: tuple[int, int]) -> dict[str, Any]:
    """What a result says of the video of a part of a scene (its frames)."""
    rate = Fraction(*scene.fps)
    return {
        "width": scene.width,
        "height": scene.height,
        "fps": round(float(rate), 3),
        "duration": round(float((part[1] - part[0]) / rate), 6),
    }


def combine_rows(facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is known of all rows, as a result says it."""
    return facts[0] if len(facts) == 1 else {"rows": list(facts)}
