"""The base of every object in a composition: spellings of keys that mean the same, and keys that mean nothing."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ffmpeg_worker.frozen_model import FrozenModel
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
"""Other names in use for a key, in snake case."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Node(FrozenModel):
    """Keys may be written in camel or kebab case, or under another name in use; the fields are what is echoed."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    inner: ClassVar[tuple[str, ...]] = ()
    """Fields whose own keys are often put one level too high."""

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
                raise wrong_value(f'has "{known}" twice, in two spellings', "Keep one of them.")
            renamed[known] = item
        return renamed


def known_keys(model: type[Node]) -> list[str]:
    """The fields of a model as callers write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def canonical_key(model: type[Node], key: str) -> str | None:
    """The field that a key means, `None` if it means none."""
    return _spellings(model).get(snake_case(key))


@functools.cache
def _spellings(model: type[Node]) -> Mapping[str, str]:
    fields = known_keys(model)
    others = {other: field for field in fields for other in ALIASES.get(field, ())}
    return others | {field: field for field in fields}


def snake_case(key: str) -> str:
    """A key in the spelling of the fields."""
    return _HUMP.sub("_", key).replace("-", "_").lower()


def _unknown_key(model: type[Node], key: str) -> ValidationError:
    plain, names = snake_case(key), known_keys(model)
    hint = next((f'Put it into "{field}".' for field in model.inner if plain in _inside(model, field)), None)
    inside = [f"{field}.{name}" for field in model.inner for name in _inside(model, field)]
    hint = hint or did_you_mean(plain, _spellings(model)) or _did_you_mean_inner(plain, inside)
    hint = hint or f"Known here are {_listed(names)}."
    error = PydanticCustomError("unknown_field", "is not a known field", {"hint": hint})
    return ValidationError.from_exception_data(
        model.__name__, [InitErrorDetails(type=error, loc=(key,), input=None)]
    )


def _inside(model: type[Node], field: str) -> Mapping[str, str]:
    inner = model.model_fields[field].annotation
    return _spellings(inner) if isinstance(inner, type) and issubclass(inner, Node) else {}


def _did_you_mean_inner(name: str, paths: Iterable[str]) -> str | None:
    """Suggest one of several dotted paths by the similarity of its last part."""
    by_last_part = {path.rpartition(".")[2]: path for path in paths}
    nearest = find_nearest(name, by_last_part)
    return None if nearest is None else f'Did you mean "{by_last_part[nearest]}"?'


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
