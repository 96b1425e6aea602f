"""The `Range` header of HTTP: which bytes of a file a request selects (RFC 9110, section 14)."""

from __future__ import annotations

_MAX_RANGES = 100
_MAX_DIGITS = 18


class RangeNotSatisfiable(Exception):
    """No byte that the header selects exists."""


def select_bytes(header: str | None, size: int) -> range | None:
    """Return the bytes that a header selects from a file of `size` bytes; `None` stands for the whole file.

    A malformed header selects everything, as the standard allows. So do ranges with gaps between them: they would
    need a response in several parts, which players and download programs do without.

    Raises:
        RangeNotSatisfiable: the header is well-formed, and the file is too short.
    """
    unit, equals, text = (header or "").partition("=")
    given = [part.strip(" \t") for part in text.split(",", _MAX_RANGES)]
    specs = [part for part in given if part]
    if not equals or unit.strip().lower() != "bytes" or not specs or len(given) > _MAX_RANGES:
        return None
    found = [_read_spec(spec, size) for spec in specs]
    if None in found:
        return None
    existing = sorted((one.start, one.stop) for one in found if one)
    if not existing:
        if size == 0 and any(spec.startswith("-") and spec.strip("-0") for spec in specs):
            return None  # the last bytes of an empty file are all of it
        raise RangeNotSatisfiable
    first, end = existing[0]
    for start, stop in existing:
        if start > end:
            return None
        end = max(end, stop)
    return range(first, end)


def _read_spec(spec: str, size: int) -> range | None:
    """Return the bytes of `first-last`, `first-` or `-count`, maybe none; `None` if it is malformed."""
    first, dash, last = spec.partition("-")
    if not dash or not (first or last) or not all(text == "" or _is_number(text) for text in (first, last)):
        return None
    if not first:
        return range(max(0, size - _to_int(last)), size)
    start = _to_int(first)
    if not last:
        return range(start, max(start, size))
    return None if _to_int(last) < start else range(start, max(start, min(_to_int(last) + 1, size)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _to_int(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
