"""Errors of pydantic validators, and pydantic's own errors in the words of this worker.

pydantic's messages name Python's types. Callers write JSON, so each type of error that a model can raise has a
phrase of its own here; https://docs.pydantic.dev/latest/errors/validation_errors/ lists all types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails, PydanticCustomError

_NUMBER, _WHOLE_NUMBER, _TEXT = "must be a number", "must be a whole number", "must be text"
_OBJECT, _LIST, _SWITCH = "must be an object", "must be a list", "must be true or false"

_PHRASES: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "string_unicode": "must be valid Unicode text",
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": "must be a smaller number",
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "none_required": "must be null",
    "is_instance_of": "has a value of the wrong type",
}
"""What to say for each type of error that needs no more than that."""

_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("must be greater than {}", "gt"),
    "greater_than_equal": ("must be greater than or equal to {}", "ge"),
    "less_than": ("must be less than {}", "lt"),
    "less_than_equal": ("must be less than or equal to {}", "le"),
}
_COUNTED: Mapping[str, tuple[str, str, str]] = {
    "string_too_short": ("at least", "min_length", "character"),
    "string_too_long": ("at most", "max_length", "character"),
    "too_short": ("at least", "min_length", "item"),
    "too_long": ("at most", "max_length", "item"),
}
_CHOICE = re.compile(r"'([^']*)'")
_UNKNOWN = "has a value that is not accepted"


def wrong_value(problem: str, hint: str | None = None) -> PydanticCustomError:
    """The error of a validator.

    `problem` continues the path of the field ("must be positive") and must not contain the submitted value. `hint`
    is a sentence that says what to write instead.
    """
    return PydanticCustomError("wrong_value", "{problem}", {"problem": problem, "hint": hint or ""})


def describe_problem(error: ErrorDetails) -> str:
    """The message of a validation error as a phrase that continues the path of the field."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _PHRASES:
        return _PHRASES[kind]
    if kind in _LIMITS:
        phrase, key = _LIMITS[kind]
        return phrase.format(_plain(context[key]))
    if kind in _COUNTED:
        bound, key, what = _COUNTED[kind]
        count = context[key]
        return f"must have {bound} {count} {what}{'' if count == 1 else 's'}"
    describe = _OTHERS.get(kind)
    return describe(error, context) if describe else _UNKNOWN


def list_choices(error: ErrorDetails) -> list[str]:
    """List the values that the field of a `literal_error` or an `enum` may have."""
    return _CHOICE.findall(str(error.get("ctx", {}).get("expected", "")))


def _plain(limit: Any) -> str:
    """Write a limit without the decimals of a whole number, and without an exponent."""
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() else str(limit)


def _describe_choices(error: ErrorDetails, _context: Mapping[str, Any]) -> str:
    choices = [f'"{choice}"' for choice in list_choices(error)]
    return f"must be one of {', '.join(choices)}" if len(choices) > 1 else f"must be {choices[0]}"


_OTHERS: Mapping[str, Callable[[ErrorDetails, Mapping[str, Any]], str]] = {
    "literal_error": _describe_choices,
    "enum": _describe_choices,
    "string_pattern_mismatch": lambda _error, context: f"must match the pattern {context['pattern']}",
    "value_error": lambda error, _context: error["msg"].removeprefix("Value error, "),
    "wrong_value": lambda error, _context: error["msg"],
}

KNOWN_KINDS = frozenset({*_PHRASES, *_LIMITS, *_COUNTED, *_OTHERS})
"""Types of errors that are described by more than that the value is not accepted."""
