"""Errors of pydantic validators, and pydantic's own messages in the words of this worker."""

from __future__ import annotations

import re

from pydantic_core import ErrorDetails, PydanticCustomError

_REWORDED = (
    (re.compile(r"^Input should be a valid (tuple|array).*|^Input should be a tuple$"), "must be a list"),
    (re.compile(r"^Input should be a valid (dictionary|mapping).*"), "must be an object"),
    (re.compile(r"^Input should be a valid (?=[aeiou])"), "must be an "),
    (re.compile(r"^Input should be a valid "), "must be a "),
    (re.compile(r"^Input should be "), "must be "),
    (re.compile(r"^(Tuple|List|String|Data|Value) should "), "must "),
    (re.compile(r" after validation, not \d+"), ""),
    (re.compile(r"\b1 items$"), "1 item"),
)


def wrong_value(problem: str, hint: str | None = None) -> PydanticCustomError:
    """The error of a validator.

    `problem` continues the path of the field ("must be positive") and must not contain the submitted value. `hint`
    is a sentence that says what to write instead.
    """
    return PydanticCustomError("wrong_value", "{problem}", {"problem": problem, "hint": hint or ""})


def describe_problem(error: ErrorDetails) -> str:
    """The message of a validation error as a phrase that continues the path of the field."""
    message = error["msg"].removeprefix("Value error, ")
    for pattern, replacement in _REWORDED:
        message = pattern.sub(replacement, message)
    return message
