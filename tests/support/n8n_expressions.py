"""The expressions of n8n that our example workflows use; every other one is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}(?!\})", re.DOTALL)
_STRINGIFY = re.compile(r"JSON\.stringify\((.*)\)", re.DOTALL)
_TEXT = re.compile(r"'([^'\\]*)'")
_ROOT = re.compile(r"\$json|\$execution|\$\('(?P<node>[^']+)'\)\.item\.json")
_STEP = re.compile(r"\??\.(\w+)")


@dataclass
class Scope:
    """What expressions can see: the item, items of earlier nodes by their names, and the execution."""

    item: Mapping[str, Any]
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    execution: Mapping[str, str] = field(default_factory=dict)


def evaluate(value: Any, scope: Scope) -> Any:
    """Return the value of a parameter: a text that begins with `=` is a template, all else stands for itself.

    https://docs.n8n.io/code/expressions/
    """
    if isinstance(value, Mapping):
        return {key: evaluate(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, scope) for item in value]
    if not isinstance(value, str) or not value.startswith("="):
        return value
    template = value[1:]
    first = _PLACEHOLDER.match(template)
    if first is not None and first.end() == len(template):
        return _compute(first[1].strip(), scope)
    return _PLACEHOLDER.sub(lambda found: _as_text(_compute(found[1].strip(), scope)), template)


def _as_text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _compute(expression: str, scope: Scope) -> Any:
    first, default, rest = expression.partition("??")
    if default:
        found_first = _compute(first.strip(), scope)
        return _compute(rest.strip(), scope) if found_first is None else found_first
    if found := _STRINGIFY.fullmatch(expression):
        return json.dumps(_compute(found[1].strip(), scope))
    if found := _TEXT.fullmatch(expression):
        return found[1]
    root = _ROOT.match(expression)
    assert root is not None, f"this evaluator does not know {expression}"
    value: Any = scope.execution if root[0] == "$execution" else scope.item
    if root["node"]:
        value = scope.earlier[root["node"]]
    return _walk(value, expression[root.end() :], expression)


def _walk(value: Any, path: str, expression: str) -> Any:
    while path:
        step = _STEP.match(path)
        assert step is not None, f"this evaluator does not know {expression}"
        is_optional = path.startswith("?")
        assert value is not None or is_optional, f"{expression} reads a field of nothing"
        value = None if value is None else value.get(step[1])
        path = path[step.end() :]
    return value
