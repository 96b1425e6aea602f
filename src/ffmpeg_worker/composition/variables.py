"""Fills the `{{variables}}` of a composition in, before it is validated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ffmpeg_worker.composition.condition import evaluate_condition
from ffmpeg_worker.composition.errors import invalid_field
from ffmpeg_worker.composition.json_path import join_path
from ffmpeg_worker.composition.limits import MAX_ROWS, MAX_TEXT, MAX_VARIABLES
from ffmpeg_worker.composition.node import ALIASES, snake_case
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, Scalar, format_scalar, parse_default
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

Variables = Mapping[str, Scalar]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


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
        if not isinstance(name, str) or not _NAME.fullmatch(name):
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


def fill_variables(value: Any, variables: Variables, at: str = "") -> Any:
    """Return the JSON of a composition, whose path is `at`, with its variables filled in.

    A string that consists of `{{name}}` becomes the value and keeps its type; within a longer string the value is
    formatted. `{{name|default}}` uses the default if the variable is not given. A layer whose `condition` does not
    hold becomes `{"type": "hidden"}`, with its id. A `src` that consists of an unknown name stays as it is: it may
    be the name of one of the job's inputs.

    Raises:
        InvalidJob: a variable is not given, or double braces contain no variable.
    """
    if isinstance(value, str):
        return _fill_text(value, variables, at)
    if isinstance(value, list):
        return [fill_variables(item, variables, f"{at}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if (
        "condition" in value
        and "type" in value
        and not evaluate_condition(value["condition"], variables, join_path(at, "condition"))
    ):
        return _hidden(value)
    return {key: _fill_field(value, key, variables, join_path(at, str(key))) for key in value}


def _fill_field(node: Mapping[str, Any], key: str, variables: Variables, at: str) -> Any:
    item = node[key]
    if key == "condition" and isinstance(item, str):
        return True
    if isinstance(item, str) and _is_src(node, key):
        whole_match = PLACEHOLDER.fullmatch(item.strip())
        if (
            whole_match is not None
            and whole_match.group("name") not in variables
            and parse_default(whole_match) is None
        ):
            return item
    return fill_variables(item, variables, at)


def _is_src(node: Mapping[str, Any], key: str) -> bool:
    if node.get("type") == "shape":
        return False
    return snake_case(str(key)) in {"src", *ALIASES["src"]}


def _hidden(layer: Mapping[str, Any]) -> dict[str, Any]:
    name = layer.get("id")
    return {"type": "hidden", "id": name} if isinstance(name, str) and "{{" not in name else {"type": "hidden"}


def _fill_text(text: str, variables: Variables, at: str) -> Any:
    if "{{" not in text:
        return text
    whole_match = PLACEHOLDER.fullmatch(text)
    if whole_match is not None:
        return _value_of(whole_match, variables, at)
    filled = PLACEHOLDER.sub(lambda match: format_scalar(_value_of(match, variables, at)), text)
    if "{{" in PLACEHOLDER.sub("", text):
        raise invalid_field(at, "has double braces without a variable", hint="Write {{name}} or {{name|default}}.")
    if len(filled) > 16 * MAX_TEXT:
        raise invalid_field(at, "is too long with its variables filled in")
    return filled


def _value_of(match: re.Match[str], variables: Variables, at: str) -> Scalar:
    name = match.group("name")
    if name in variables:
        return variables[name]
    default = parse_default(match)
    if default is None:
        raise unknown_variable(name, variables, at)
    return default


def unknown_variable(name: str, known: Iterable[str], at: str) -> InvalidJob:
    """Return the error for a variable that is not given."""
    return invalid_field(
        at,
        f'uses the variable "{name}", which is not given',
        code="unknown_variable",
        hint=did_you_mean(name, known) or 'Add it to "variables", or write a default as in {{name|default}}.',
    )
