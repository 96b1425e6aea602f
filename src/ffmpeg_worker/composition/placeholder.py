"""How a variable is written where its value is wanted."""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,63})\s*(?:\|(?P<default>[^{}]{0,500}))?\}\}")
"""`{{name}}` or `{{name|default}}`, with blanks around the name as one likes."""

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")


def default_of(match: re.Match[str]) -> str | int | float | bool | None:
    """What stands after the bar, as JSON would mean it; `None` if there is no bar."""
    default: str | None = match.group("default")
    return None if default is None else plain_value(default.strip())


def plain_value(text: str) -> str | int | float | bool:
    """A number, true or false if it is written like one, else the text."""
    if text in {"true", "false"}:
        return text == "true"
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number.group(2) else int(text)


def as_text(value: Scalar) -> str:
    """A value as it is written out in a text: nothing for null, no decimals for a whole number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
