"""Placeholders of variables in strings."""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,63})\s*(?:\|(?P<default>[^{}]{0,500}))?\}\}")
"""`{{name}}` or `{{name|default}}`; spaces around the name are allowed."""

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")


def parse_default(match: re.Match[str]) -> str | int | float | bool | None:
    """Return the default of a placeholder as a scalar; `None` if it has none."""
    default: str | None = match.group("default")
    return None if default is None else parse_scalar(default.strip())


def parse_scalar(text: str) -> str | int | float | bool:
    """Return a number, true or false if the text is written like one, else the text."""
    if text in {"true", "false"}:
        return text == "true"
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number.group(2) else int(text)


def format_scalar(value: Scalar) -> str:
    """Format a value within a text: nothing for null, no decimals for whole numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
