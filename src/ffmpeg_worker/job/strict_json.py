"""Decodes JSON strictly: UTF-8, no duplicate keys, no NaN, no text that breaks a command line."""

from __future__ import annotations

import json
from typing import Any

from ffmpeg_worker.errors import InvalidJob

_MAX_DEPTH = 64


def read_json(body: bytes | str) -> Any:
    """Decode a request body.

    Raises:
        InvalidJob: the body is not JSON, or has duplicate keys, NaN or Infinity, NUL characters, lone surrogates,
            integers of more than 20 digits, or more than 64 levels. The message gives line and column where known.
    """
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        value = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_int=_read_int
        )
    except UnicodeDecodeError:
        raise _invalid("The body is not UTF-8.", "Send JSON encoded as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Send one JSON object, with Content-Type: application/json.",
        ) from None
    except RecursionError:
        raise _invalid(f"The JSON is nested deeper than {_MAX_DEPTH} levels.") from None
    _check(value, "", 0)
    return value


def _invalid(message: str, hint: str | None = None, field: str | None = None) -> InvalidJob:
    return InvalidJob(message, code="invalid_json", hint=hint, where={"field": field} if field else None)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _invalid(f'The key "{key[:64]}" appears twice in one object.', "Keep one of them.")
        result[key] = value
    return result


def _refuse_constant(name: str) -> Any:
    raise _invalid(f"{name} is not a JSON number.", "Use a finite number or null.")


def _read_int(digits: str) -> int:
    if len(digits) > 20:
        raise _invalid("A number in the JSON is too large.")
    return int(digits)


def _check(value: Any, path: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _invalid(f"The JSON is nested deeper than {_MAX_DEPTH} levels.", field=path[:200])
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, path)
            _check(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)


def _check_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise _invalid("A text contains a NUL character.", "Remove it.", path)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _invalid("A text contains half a character (a lone surrogate).", "Send valid Unicode.", path)
