"""The base of every object in a composition: spellings of keys that mean the same."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, model_validator

from ffmpeg_worker.job.composition.wrong_value import wrong_value
from ffmpeg_worker.job.frozen_model import FrozenModel

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "duration": ("length",),
    "start": ("time",),
    "src": ("source", "url", "path"),
    "layers": ("elements",),
    "align": ("alignment", "text_align"),
    "color": ("colour", "fill_color"),
    "background": ("background_color",),
    "fps": ("frame_rate",),
    "rotation": ("rotate",),
    "radius": ("border_radius", "corner_radius"),
    "blend": ("blend_mode", "mix_blend_mode"),
    "stroke": ("outline",),
    "z": ("z_index",),
    "letter_spacing": ("tracking",),
    "transform": ("text_transform",),
    "text_transform": ("transform",),
    "fade_in": ("audio_fade_in",),
    "fade_out": ("audio_fade_out",),
}
"""Other names of a key, in snake case."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Node(FrozenModel):
    """Keys may be written in camel or kebab case, or under another name in use; the fields are what is echoed."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _rename_keys(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        renamed: dict[str, Any] = {}
        for key, item in value.items():
            known = canonical_key(cls, key)
            if known in renamed:
                raise wrong_value(f'has "{known}" twice, in two spellings', "Keep one of them.")
            renamed[known] = item
        return renamed


def canonical_key(model: type[Node], key: str) -> str:
    """The field that a key means; the key itself if it means none."""
    return _spellings(model).get(_snake(key), key) if isinstance(key, str) else key


def known_keys(model: type[Node]) -> list[str]:
    """The fields of a model as callers write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


@functools.cache
def _spellings(model: type[Node]) -> Mapping[str, str]:
    fields = known_keys(model)
    others = {other: field for field in fields for other in _ALIASES.get(field, ())}
    return others | {field: field for field in fields}


def _snake(key: str) -> str:
    return _HUMP.sub("_", key).replace("-", "_").lower()
