"""Rows of variables: one composition for each, rendered or linted one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.scene.scene import Scene

Row = TypeVar("Row")
Result = TypeVar("Result")


def for_each_row(rows: Sequence[Row], make: Callable[[int, Row], Result]) -> list[Result]:
    """Return the result of `make` for each row; it gets the row's number and value.

    Raises:
        WorkerError: as `make` raises it, with the row where there are several.
    """
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(make(number, row))
        except WorkerError as error:
            raise error.at(row=number) if len(rows) > 1 else error from None
    return found


def describe_video(scene: Scene, part: tuple[int, int]) -> dict[str, Any]:
    """Return the fields of a result that describe the video of a range of frames."""
    rate = Fraction(*scene.fps)
    return {
        "width": scene.width,
        "height": scene.height,
        "fps": round(float(rate), 3),
        "duration": round(float((part[1] - part[0]) / rate), 6),
    }


def combine_rows(facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the description of a single row, or the list of all rows."""
    return facts[0] if len(facts) == 1 else {"rows": list(facts)}
