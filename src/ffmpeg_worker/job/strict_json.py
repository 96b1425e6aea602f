"""Decodes JSON strictly: UTF-8, no duplicate keys, no NaN, no text that breaks a command line.

A byte order mark before the JSON is ignored: editors and PowerShell on Windows write one.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ffmpeg_worker.budgets import MAX_JSON_DEPTH, MAX_JSON_VALUES
from ffmpeg_worker.errors import InvalidJob

_Place = tuple[Any, int | str] | None
"""Where a value stands: the place of the object or list around it, and its key or index; `None` outermost."""

_BYTE_ORDER_MARK = "\ufeff"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# In valid JSON from UTF-8, only escapes can put these characters into a text.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_REFUSED = re.compile("[\x00\ud800-\udfff]")
_MAX_DIGITS = 20
_LONG_NUMBER = re.compile(f"[0-9]{{{_MAX_DIGITS + 1}}}")


def read_json(body: bytes | str, subject: str = "The body") -> Any:
    """Decode a request body, or the file that `subject` names at the beginning of a message.

    Raises:
        InvalidJob: it is not JSON, or has duplicate keys, NaN or Infinity, NUL characters, lone surrogates,
            integers of more than 20 digits, or more levels or values than a body may. The message gives line and
            column where known.
    """
    try:
        text = (body.decode("utf-8") if isinstance(body, bytes) else body).removeprefix(_BYTE_ORDER_MARK)
        if not text.strip():
            raise _invalid(f"{subject} is empty.", "It must be one JSON object.")
        # Each value but the first follows one of these characters. Commas in texts count too, so that this only
        # bounds the memory; `_check_size` counts exactly.
        if sum(map(text.count, ",[{")) > 4 * MAX_JSON_VALUES:
            raise _too_many_values()
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_read_int if _LONG_NUMBER.search(text) else None,
        )
    except UnicodeDecodeError:
        raise _not_utf8(body, subject) from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"{subject} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "It must be one JSON object.",
        ) from None
    except RecursionError:
        raise _too_deep() from None
    _check_size(value)
    if isinstance(body, str) or _ESCAPED.search(text):
        _check_texts(value)
    return value


def _invalid(message: str, hint: str | None = None, field: str | None = None) -> InvalidJob:
    return InvalidJob(message, code="invalid_json", hint=hint, where={"field": field} if field else None)


def _not_utf8(body: bytes | str, subject: str) -> InvalidJob:
    if isinstance(body, bytes) and body.startswith(_UTF16_MARKS):
        return _invalid(f"{subject} is UTF-16, not UTF-8.", "Save it as UTF-8; in PowerShell: -Encoding utf8.")
    return _invalid(f"{subject} is not UTF-8.", "JSON must be encoded as UTF-8.")


def _too_deep() -> InvalidJob:
    return _invalid(f"The JSON is nested deeper than {MAX_JSON_DEPTH} levels.")


def _too_many_values() -> InvalidJob:
    return InvalidJob(
        f"The body has more than {MAX_JSON_VALUES} values.",
        code="body_too_large",
        hint="Split the work into several jobs.",
    )


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise _invalid(f'The key "{key[:64]}" appears twice in one object.', "Keep one of them.")
    return result


def _refuse_constant(name: str) -> Any:
    raise _invalid(f"{name} is not a JSON number.", "Use a finite number or null.")


def _read_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _invalid("A number in the JSON is too large.")
    return int(digits)


def _check_size(outermost: Any) -> None:
    """Count levels and values."""
    level, depth, count = [outermost], 0, 1
    while level := [value for value in level if isinstance(value, (dict, list))]:
        depth += 1
        count += sum(map(len, level))
        if depth > MAX_JSON_DEPTH:
            raise _too_deep()
        if count > MAX_JSON_VALUES:
            raise _too_many_values()
        level = [item for value in level for item in (value.values() if isinstance(value, dict) else value)]


def _check_texts(outermost: Any) -> None:
    """Check all keys and texts; paths are only built for errors."""
    pending: list[tuple[Any, _Place]] = [(outermost, None)]
    while pending:
        value, place = pending.pop()
        if isinstance(value, str):
            _check_text(value, place)
        elif isinstance(value, dict):
            for key in value:
                _check_text(key, place)
            pending += [(item, (place, key)) for key, item in value.items()]
        elif isinstance(value, list):
            pending += [(item, (place, index)) for index, item in enumerate(value)]


def _check_text(text: str, place: _Place) -> None:
    found = _REFUSED.search(text)
    if found is None:
        return
    if found.group() == "\x00":
        raise _invalid("A text contains a NUL character.", "Remove it.", _path(place))
    raise _invalid("A text contains half a character (a lone surrogate).", "Send valid Unicode.", _path(place))


def _path(place: _Place) -> str:
    """Return the JSON path of a place, shortened."""
    steps = [f"[{key}]" if isinstance(key, int) else f".{key[:200]}" for key in reversed([*_keys(place)])]
    return "".join(steps).removeprefix(".")[:200]


def _keys(place: _Place) -> Iterator[int | str]:
    """Yield the keys and indexes of a place, from the innermost."""
    while place is not None:
        place, key = place
        yield key
