"""Base class of all objects in a composition: spellings of keys, and errors for unknown keys."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ffmpeg_worker.composition.other_words import explain_key
from ffmpeg_worker.frozen_model import FrozenModel, field_names
from ffmpeg_worker.suggestions import did_you_mean, find_nearest
from ffmpeg_worker.validation_errors import wrong_value

ALIASES: Mapping[str, tuple[str, ...]] = {
    "align": ("alignment", "text_align"),
    "background": ("background_color",),
    "blend": ("blend_mode", "mix_blend_mode"),
    "color": ("colour",),
    "duration": ("length",),
    "fps": ("frame_rate",),
    "layers": ("elements",),
    "radius": ("border_radius", "corner_radius"),
    "rotation": ("rotate",),
    "src": ("source", "url", "path"),
    "start": ("time",),
    "stroke": ("outline",),
    "text_transform": ("transform",),
    "z": ("z_index",),
}
"""Other names of a key, in snake case."""

MIN_SIMILARITY = 0.7
"""Least similarity of a word that is suggested; below, short words are suggested for anything."""
_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Node(FrozenModel):
    """An object whose keys may be in camel or kebab case, or aliases; it is serialized with the canonical keys."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True, allow_inf_nan=False)

    nested_fields: ClassVar[tuple[str, ...]] = ()
    """Fields whose own keys are often written one level too high."""

    @classmethod
    def find_field(cls, key: str) -> str | None:
        """See `FrozenModel.find_field`."""
        canonical = canonical_key(cls, key)
        return None if canonical is None else super().find_field(canonical)

    @model_validator(mode="before")
    @classmethod
    def _rename_keys(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        renamed: dict[str, Any] = {}
        for key, item in value.items():
            known = _spellings(cls).get(snake_case(key)) if isinstance(key, str) else None
            if known is None:
                raise _unknown_key(cls, str(key))
            if known in renamed:
                raise wrong_value(f'has "{known}" twice, in different spellings', "Keep one of them.")
            renamed[known] = item
        return renamed


def canonical_key(model: type[Node], key: str) -> str | None:
    """Return the canonical key that a key stands for, or `None`."""
    return _spellings(model).get(snake_case(key))


@functools.cache
def _spellings(model: type[Node]) -> Mapping[str, str]:
    fields = field_names(model)
    others = {other: field for field in fields for other in ALIASES.get(field, ())}
    return others | {field: field for field in fields}


def snake_case(key: str) -> str:
    """Convert a key to snake case."""
    return _CASE_BOUNDARY.sub("_", key).replace("-", "_").lower()


def read_type_shorthand(value: Any) -> Any:
    """Accept the name of a type for an object with nothing but that `type`."""
    return {"type": value} if isinstance(value, str) else value


def _unknown_key(model: type[Node], key: str) -> ValidationError:
    plain = snake_case(key)
    inner = {field: _nested_keys(model, field) for field in model.nested_fields}
    known = ", ".join(f'"{name}"' for name in field_names(model))
    hint = (
        next((f'Move it into "{field}".' for field, keys in inner.items() if plain in keys), None)
        or explain_key(plain, model.model_fields)
        or did_you_mean(plain, _spellings(model), cutoff=MIN_SIMILARITY)
        or _did_you_mean_inner(plain, [f"{field}.{name}" for field, keys in inner.items() for name in keys])
        or f"Known fields are {known}."
    )
    error = PydanticCustomError("unknown_field", "is not a known field", {"hint": hint})
    return ValidationError.from_exception_data(
        model.__name__, [InitErrorDetails(type=error, loc=(key,), input=None)]
    )


def _nested_keys(model: type[Node], field: str) -> Mapping[str, str]:
    inner = model.model_fields[field].annotation
    return _spellings(inner) if isinstance(inner, type) and issubclass(inner, Node) else {}


def _did_you_mean_inner(name: str, paths: Iterable[str]) -> str | None:
    """Suggest one of several dotted paths by the similarity of its last part."""
    by_last_part = {path.rpartition(".")[2]: path for path in paths}
    nearest = find_nearest(name, by_last_part, cutoff=MIN_SIMILARITY)
    return None if nearest is None else f'Did you mean "{by_last_part[nearest]}"?'
