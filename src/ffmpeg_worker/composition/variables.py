"""`{{variables}}` in a composition: filled in before anything else is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ffmpeg_worker.composition.condition import holds
from ffmpeg_worker.composition.limits import MAX_ROWS, MAX_TEXT, MAX_VARIABLES
from ffmpeg_worker.composition.node import ALIASES, snake_case
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, Scalar, as_text, default_of
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

Variables = Mapping[str, Scalar]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def read_rows(value: Any, at: str = "variables") -> tuple[Variables, ...]:
    """The rows of values: one for an object, one for each item of a list.

    Raises:
        InvalidJob: no object or list of objects, a name or value that cannot be one, too many.
    """
    rows = value if isinstance(value, list) else [{} if value is None else value]
    if not 1 <= len(rows) <= MAX_ROWS:
        raise _wrong(at, f"must hold 1 to {MAX_ROWS} rows")
    paths = [f"{at}[{index}]" for index in range(len(rows))] if isinstance(value, list) else [at]
    return tuple(_read_row(row, path) for row, path in zip(rows, paths, strict=True))


def _read_row(row: Any, path: str) -> Variables:
    if not isinstance(row, dict) or len(row) > MAX_VARIABLES:
        raise _wrong(path, f"must be an object of at most {MAX_VARIABLES} variables")
    for name, value in row.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _wrong(path, "has a name that no variable can have", "Use letters, digits, `_`, `-` and `.`.")
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise _wrong(f"{path}.{name}", "must be a text, a number, true, false or null")
        if isinstance(value, float) and not math.isfinite(value):
            raise _wrong(f"{path}.{name}", "must be a finite number")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise _wrong(f"{path}.{name}", f"must have at most {MAX_TEXT} characters")
    return dict(row)


def fill_variables(value: Any, variables: Variables, at: str = "") -> Any:
    """A composition's JSON with its variables filled in.

    A text that is nothing but `{{name}}` becomes the value, and keeps its type; in a longer text it is written
    out. `{{name|default}}` stands in for a variable that is not given. A layer whose `condition` does not hold
    becomes `{"type": "hidden"}`, with its id. A `src` that is nothing but a name not given stays as it is: it may
    name an input of the job.

    Args:
        value: JSON.
        variables: what is given.
        at: path of `value`.

    Raises:
        InvalidJob: a variable is not given, or something in double braces is no variable.
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
        and not holds(value["condition"], variables, _join(at, "condition"))
    ):
        return _hidden(value)
    return {key: _fill_field(value, key, variables, _join(at, str(key))) for key in value}


def _fill_field(node: Mapping[str, Any], key: str, variables: Variables, at: str) -> Any:
    item = node[key]
    if key == "condition" and isinstance(item, str):
        return True
    if isinstance(item, str) and _is_src(node, key):
        sole = PLACEHOLDER.fullmatch(item.strip())
        if sole is not None and sole.group("name") not in variables and default_of(sole) is None:
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
    sole = PLACEHOLDER.fullmatch(text)
    if sole is not None:
        return _value_of(sole, variables, at)
    filled = PLACEHOLDER.sub(lambda match: as_text(_value_of(match, variables, at)), text)
    if "{{" in PLACEHOLDER.sub("", text):
        raise _wrong(
            at, "has double braces that hold no variable", "Write {{name}} or {{name|default}}, with a plain name."
        )
    if len(filled) > 16 * MAX_TEXT:
        raise _wrong(at, "is too long with its variables filled in")
    return filled


def _value_of(match: re.Match[str], variables: Variables, at: str) -> Scalar:
    name = match.group("name")
    if name in variables:
        return variables[name]
    default = default_of(match)
    if default is None:
        raise unknown_variable(name, variables, at)
    return default


def unknown_variable(name: str, known: Iterable[str], at: str) -> InvalidJob:
    """The error of a name that is not given."""
    return InvalidJob(
        f'"{at[:128]}" uses the variable "{name}", which is not given.',
        code="unknown_variable",
        hint=did_you_mean(name, known) or 'Give it in "variables", or a default as in {{name|default}}.',
        where={"field": at[:200]},
    )


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _wrong(at: str, what: str, hint: str | None = None) -> InvalidJob:
    return InvalidJob(f'"{at[:128]}" {what}.', code="invalid_value", hint=hint, where={"field": at[:200]})
