"""Fills the `{{variables}}` of a composition in, before it is validated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.budgets import MAX_FILLED_TEXT, MAX_ROWS, MAX_TEXT, MAX_VARIABLES
from ffmpeg_worker.composition.condition import evaluate_condition
from ffmpeg_worker.composition.errors import invalid_field
from ffmpeg_worker.composition.json_path import Place, path_of
from ffmpeg_worker.composition.node import ALIASES, snake_case
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, VARIABLE_NAME, Scalar, format_scalar, parse_default
from ffmpeg_worker.composition.row_budgets import CharacterBudget
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

Variables = Mapping[str, Scalar]


def read_rows(value: Any, at: str = "variables") -> tuple[Variables, ...]:
    """Read the rows of variables: one for an object, one for each item of a list.

    Raises:
        InvalidJob: not an object or a list of objects, an invalid name or value, or too many of them.
    """
    rows = value if isinstance(value, list) else [{} if value is None else value]
    if not 1 <= len(rows) <= MAX_ROWS:
        raise invalid_field(at, f"must have 1 to {MAX_ROWS} rows")
    paths = [f"{at}[{index}]" for index in range(len(rows))] if isinstance(value, list) else [at]
    return tuple(_read_row(row, path) for row, path in zip(rows, paths, strict=True))


def _read_row(row: Any, path: str) -> Variables:
    if not isinstance(row, dict) or len(row) > MAX_VARIABLES:
        raise invalid_field(path, f"must be an object of at most {MAX_VARIABLES} variables")
    for name, value in row.items():
        if not isinstance(name, str) or not VARIABLE_NAME.fullmatch(name):
            raise invalid_field(
                path, "has an invalid variable name", hint="Use letters, digits, `_`, `-` and `.`."
            )
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise invalid_field(f"{path}.{name}", "must be a string, a number, true, false or null")
        if isinstance(value, float) and not math.isfinite(value):
            raise invalid_field(f"{path}.{name}", "must be a finite number")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise invalid_field(f"{path}.{name}", f"must have at most {MAX_TEXT} characters")
    return dict(row)


def fill_variables(value: Any, variables: Variables, at: str = "", budget: CharacterBudget | None = None) -> Any:
    """Return the JSON of a composition, whose path is `at`, with its variables filled in.

    A string that consists of `{{name}}` becomes the value and keeps its type; within a longer string the value is
    formatted. `{{name|default}}` uses the default if the variable is not given. A layer whose `condition` does not
    hold becomes `{"type": "hidden"}`, with its id. A `src` that consists of an unknown name stays as it is: it may
    be the name of one of the job's inputs.

    `budget` counts the characters of all strings.

    Raises:
        InvalidJob: a variable is not given, double braces contain no variable, or the budget is used up.
    """
    return _Filling(variables, budget or CharacterBudget()).fill(value, at)


@dataclass(frozen=True, slots=True)
class _Filling:
    variables: Variables
    budget: CharacterBudget

    def fill(self, value: Any, at: Place) -> Any:
        if isinstance(value, str):
            return self._fill_text(value, at)
        if isinstance(value, list):
            return [self.fill(item, (at, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if (
            "condition" in value
            and "type" in value
            and not evaluate_condition(value["condition"], self.variables, path_of((at, "condition")))
        ):
            return _hidden(value)
        return {key: self._fill_field(value, key, (at, str(key))) for key in value}

    def _fill_field(self, node: Mapping[str, Any], key: str, at: Place) -> Any:
        item = node[key]
        if not isinstance(item, str):
            return self.fill(item, at)
        if key == "condition":
            return True
        if _is_src(node, key):
            whole_match = PLACEHOLDER.fullmatch(item.strip())
            if (
                whole_match is not None
                and whole_match.group("name") not in self.variables
                and parse_default(whole_match) is None
            ):
                return item
        return self._fill_text(item, at)

    def _fill_text(self, text: str, at: Place) -> Any:
        if "{{" not in text:
            self.budget.use(len(text))
            return text
        whole_match = PLACEHOLDER.fullmatch(text)
        if whole_match is not None:
            value = _value_of(whole_match, self.variables, at)
            self.budget.use(len(value) if isinstance(value, str) else 0)
            return value
        if len(text) > MAX_FILLED_TEXT:
            raise _too_long(at)
        parts = _split_text(text, self.variables, at)
        if "{{" in "".join(parts[::2]):
            raise invalid_field(
                path_of(at), "has double braces without a variable", hint="Write {{name}} or {{name|default}}."
            )
        # Not joined before it is counted: the values may be much longer than the text.
        length = sum(map(len, parts))
        if length > MAX_FILLED_TEXT:
            raise _too_long(at)
        self.budget.use(length)
        return "".join(parts)


def _split_text(text: str, variables: Variables, at: Place) -> list[str]:
    """Split a text at its placeholders; every second part is the value of a placeholder."""
    parts, end = [], 0
    for match in PLACEHOLDER.finditer(text):
        parts += [text[end : match.start()], format_scalar(_value_of(match, variables, at))]
        end = match.end()
    return [*parts, text[end:]]


def _is_src(node: Mapping[str, Any], key: str) -> bool:
    if node.get("type") == "shape":
        return False
    return snake_case(str(key)) in {"src", *ALIASES["src"]}


def _hidden(layer: Mapping[str, Any]) -> dict[str, Any]:
    name = layer.get("id")
    return {"type": "hidden", "id": name} if isinstance(name, str) and "{{" not in name else {"type": "hidden"}


def _value_of(match: re.Match[str], variables: Variables, at: Place) -> Scalar:
    name = match.group("name")
    if name in variables:
        return variables[name]
    default = parse_default(match)
    if default is None:
        raise unknown_variable(name, variables, path_of(at))
    return default


def _too_long(at: Place) -> InvalidJob:
    return invalid_field(
        path_of(at),
        f"has more than {MAX_FILLED_TEXT} characters, with its variables filled in or without",
        hint="Use shorter values, or fewer variables in one string.",
    )


def unknown_variable(name: str, known: Iterable[str], at: str) -> InvalidJob:
    """Return the error for a variable that is not given."""
    return invalid_field(
        at,
        f'uses the variable "{name}", which is not given',
        code="unknown_variable",
        hint=did_you_mean(name, known) or 'Add it to "variables", or write a default as in {{name|default}}.',
    )
