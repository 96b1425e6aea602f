"""Conditions of layers.

    condition = term | "!" term | term ("==" | "!=") term
    term      = "{{name}}" | "{{name|default}}" | 'text' | "text" | number | true | false | null

A single term is true unless it is false, null, 0, an empty text, or a variable that is not given. Two terms are
equal if their texts are equal, so that 12 equals '12'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.composition.errors import invalid_field
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, Scalar, format_scalar, parse_default, parse_scalar

_TERM = rf"{PLACEHOLDER.pattern}|'[^'\u0000]*'|\"[^\"\u0000]*\"|-?\d{{1,15}}(?:\.\d{{1,15}})?|true|false|null"
_TERM = re.sub(r"\?P<\w+>", "?:", _TERM)
_CONDITION = re.compile(
    rf"\s*(?P<no>!(?!=)\s*)?(?P<left>{_TERM})\s*(?:(?P<operator>==|!=)\s*(?P<right>{_TERM})\s*)?"
)
CONDITION_PATTERN = rf"^\s*(!\s*({_TERM})|({_TERM})\s*((==|!=)\s*({_TERM}))?)\s*$"
"""The syntax of a condition as a pattern of JSON Schema."""


def evaluate_condition(condition: Any, variables: Mapping[str, Scalar], at: str) -> bool:
    """Evaluate the `condition` of a layer, whose JSON path is `at`; variables that are not given are null.

    Raises:
        InvalidJob: the syntax is wrong.
    """
    if isinstance(condition, (bool, int, float, type(None))):
        return bool(condition)
    match = _CONDITION.fullmatch(condition) if isinstance(condition, str) and len(condition) <= 2000 else None
    if match is None or (match.group("no") and match.group("operator")):
        raise invalid_field(
            at, "is not a condition", hint="Write {{name}}, !{{name}}, {{name}} == 'text' or {{name}} != 'text'."
        )
    left = _read_term(match.group("left"), variables)
    if match.group("operator") is None:
        return bool(left) != bool(match.group("no"))
    is_equal = format_scalar(left) == format_scalar(_read_term(match.group("right"), variables))
    return is_equal == (match.group("operator") == "==")


def _read_term(text: str, variables: Mapping[str, Scalar]) -> Scalar:
    placeholder = PLACEHOLDER.fullmatch(text)
    if placeholder is not None:
        name = placeholder.group("name")
        return variables[name] if name in variables else parse_default(placeholder)
    if text[0] in "'\"":
        return text[1:-1]
    return None if text == "null" else parse_scalar(text)
