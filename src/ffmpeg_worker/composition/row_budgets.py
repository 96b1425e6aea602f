"""Checks how much a composition contains with all of its rows of variables, before they are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.budgets import (
    MAX_CHARACTERS_OF_ROWS,
    MAX_GROUP_DEPTH,
    MAX_LAYERS,
    MAX_LAYERS_OF_ROWS,
    MAX_VALUES_OF_ROWS,
)
from ffmpeg_worker.composition.json_path import OriginalJson
from ffmpeg_worker.errors import InvalidJob


def check_rows(composition: Mapping[str, Any], audio: Any, rows: int, at: str) -> None:
    """Refuse a composition, whose JSON path is `at`, that is too large with all of its rows.

    Raises:
        InvalidJob: `too_many_layers`, `composition_too_large`, or `invalid_value` for groups nested too deeply.
    """
    layers = _count_layers(composition, at)
    if rows * layers > MAX_LAYERS_OF_ROWS:
        raise InvalidJob(
            f"{rows} rows of {layers} layers exceed the limit of {MAX_LAYERS_OF_ROWS} layers.",
            code="too_many_layers",
            hint="Send fewer rows in one job.",
            where={"field": at} if at else None,
        )
    values = _count_values(composition) + _count_values(audio)
    if rows * values > MAX_VALUES_OF_ROWS:
        raise InvalidJob(
            f"{rows} rows of {values} values exceed the limit of {MAX_VALUES_OF_ROWS} values.",
            code="composition_too_large",
            hint="Send fewer rows in one job, or fewer keyframes, points and cues.",
            where={"field": at} if at else None,
        )


@dataclass(slots=True)
class CharacterBudget:
    """Characters that the strings of all rows may still have."""

    left: int = MAX_CHARACTERS_OF_ROWS

    def use(self, count: int) -> None:
        """Count the characters of a string, before it is built.

        Raises:
            InvalidJob: `composition_too_large`.
        """
        self.left -= count
        if self.left < 0:
            raise InvalidJob(
                f"The strings of the composition have more than {MAX_CHARACTERS_OF_ROWS} characters with the "
                "variables of all rows filled in.",
                code="composition_too_large",
                hint="Send fewer rows in one job, or shorter texts.",
            )


def _count_layers(composition: Mapping[str, Any], at: str) -> int:
    count, open_lists = 0, [(composition, 0)]
    while open_lists:
        node, depth = open_lists.pop()
        layers = next((node[key] for key in ("layers", "elements", "nodes") if key in node), None)
        if not isinstance(layers, list):
            continue
        count += len(layers)
        if count > MAX_LAYERS:
            raise InvalidJob(
                f"The composition has more than {MAX_LAYERS} layers.",
                code="too_many_layers",
                hint="Layers in groups count too. Render parts of it first, and use their videos as layers.",
                where={"field": OriginalJson(composition, at).path(("layers",))},
            )
        if depth > MAX_GROUP_DEPTH:
            raise InvalidJob(
                f"The composition has groups nested more than {MAX_GROUP_DEPTH} levels deep.",
                code="invalid_value",
                where={"field": OriginalJson(composition, at).path(("layers",))},
            )
        open_lists += [(layer, depth + 1) for layer in layers if isinstance(layer, Mapping)]
    return count


def _count_values(value: Any) -> int:
    """Count what has to be read for each row: JSON values, and placeholders in strings."""
    count, pending = 0, [value]
    while pending:
        node = pending.pop()
        count += 1
        if isinstance(node, str):
            count += node.count("{{")
        elif isinstance(node, dict):
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return count
