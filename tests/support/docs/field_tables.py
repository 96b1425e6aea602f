"""Tables of documentation pages that are generated from pydantic models."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ffmpeg_worker.composition.lengths import Percent

Models = tuple[type[BaseModel], ...]


def golden_blocks(path: Path, texts: Mapping[str, str]) -> tuple[str, str]:
    """A page as it is and as it should be: `<!-- name -->`, the text of that name, `<!-- end -->`.

    With `UPDATE_GOLDEN` in the environment the page is rewritten.
    """
    page = path.read_text(encoding="utf-8")
    expected = page
    for name, text in texts.items():
        block = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        assert len(block.findall(page)) == 1, name
        before, begin, end, after = block.split(expected)
        expected = f"{before}{begin}{text}{end}{after}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(expected, encoding="utf-8")
        page = expected
    return page, expected


def fields_of(model: type[BaseModel], without: Models) -> Iterable[tuple[str, FieldInfo]]:
    """The fields of a model as callers write them, without those of `without`."""
    inherited = {name for base in without for name in base.model_fields} | ({"type"} if without else set())
    return ((field.alias or name, field) for name, field in model.model_fields.items() if name not in inherited)


def field_table(model: type[BaseModel], without: Models = ()) -> str:
    """Every field of a model with its example, default and description; those of `without` are left out."""
    rows = [_row(name, field) for name, field in fields_of(model, without)]
    return "\n".join(["| field | for example | default | meaning |", "|---|---|---|---|", *rows])


def _row(name: str, field: FieldInfo) -> str:
    example = _code((field.examples or [None])[0])
    default = "required" if field.is_required() else _shown_default(field.get_default(call_default_factory=True))
    meaning = [field.description or "", *_choices(field), *(["Keyframes."] if _is_animated(field) else [])]
    return f"| `{name}` | {example} | {default} | {' '.join(meaning).replace('|', '&#124;')} |"


def _choices(field: FieldInfo) -> list[str]:
    words = [word for part in _parts_of(field.annotation) for word in _parts_of_literal(part)]
    told = [f"`{word}`" for word in words]
    is_told = all(word in (field.description or "") for word in told)
    number = "Any" if get_origin(field.annotation) is tuple else "One"
    return [] if is_told or len(told) < 2 else [f"{number} of {', '.join(told)}."]


def _is_animated(field: FieldInfo) -> bool:
    return any(getattr(part, "__name__", "") == "Keyframe" for part in _parts_of(field.annotation))


def _parts_of(annotation: Any) -> Iterable[Any]:
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _parts_of(part)


def _parts_of_literal(part: Any) -> tuple[Any, ...]:
    return get_args(part) if get_origin(part) is Literal else ()


def _shown_default(default: object) -> str:
    plain = str(default) if isinstance(default, Percent) else default
    if plain is None or plain in ((), {}) or isinstance(plain, BaseModel):
        return ""
    return _code(list(map(str, plain)) if isinstance(plain, tuple) else plain)


def _code(value: object) -> str:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return f"`{json.dumps(whole, ensure_ascii=False)}`".replace("|", "&#124;")
