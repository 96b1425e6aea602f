"""Whether a layer is there at all.

    condition = term | "!" term | term ("==" | "!=") term
    term      = "{{name}}" | "{{name|default}}" | 'text' | "text" | number | true | false | null

A term by itself holds unless it is false, null, 0, an empty text, or a variable that is not given. Terms are equal
if they are written out alike, so that 12 equals '12'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.composition.placeholder import PLACEHOLDER, Scalar, as_text, default_of, plain_value
from ffmpeg_worker.errors import InvalidJob

_TERM = rf"{PLACEHOLDER.pattern}|'[^']*'|\"[^\"]*\"|-?\d{{1,15}}(?:\.\d{{1,15}})?|true|false|null"
_TERM = re.sub(r"\?P<\w+>", "?:", _TERM)
_CONDITION = re.compile(
    rf"\s*(?P<no>!(?!=)\s*)?(?P<left>{_TERM})\s*(?:(?P<operator>==|!=)\s*(?P<right>{_TERM})\s*)?"
)


def holds(condition: Any, variables: Mapping[str, Scalar], at: str) -> bool:
    """Whether a layer's `condition` holds.

    Args:
        condition: as the caller wrote it.
        variables: what is given; what is not given is null.
        at: its JSON path.

    Raises:
        InvalidJob: it is no condition.
    """
    if isinstance(condition, (bool, int, float, type(None))):
        return bool(condition)
    match = _CONDITION.fullmatch(condition) if isinstance(condition, str) and len(condition) <= 2000 else None
    if match is None or (match.group("no") and match.group("operator")):
        raise InvalidJob(
            f'"{at[:128]}" is no condition.',
            code="invalid_value",
            hint="Write {{name}}, !{{name}}, {{name}} == 'text' or {{name}} != 'text'.",
            where={"field": at[:200]},
        )
    left = _read_term(match.group("left"), variables)
    if match.group("operator") is None:
        return bool(left) != bool(match.group("no"))
    is_equal = as_text(left) == as_text(_read_term(match.group("right"), variables))
    return is_equal == (match.group("operator") == "==")


def _read_term(text: str, variables: Mapping[str, Scalar]) -> Scalar:
    placeholder = PLACEHOLDER.fullmatch(text)
    if placeholder is not None:
        name = placeholder.group("name")
        return variables[name] if name in variables else default_of(placeholder)
    if text[0] in "'\"":
        return text[1:-1]
    return None if text == "null" else plain_value(text)
