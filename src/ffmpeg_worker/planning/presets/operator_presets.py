"""Makes the presets of the operator from what their files say."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, create_model

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.planning.presets.encodings import suffix_of
from ffmpeg_worker.planning.presets.operator_template import MAX_TEXT_CHARS, OperatorTemplate
from ffmpeg_worker.planning.presets.preset import InputKind, InputSlot, Preset, PresetParameters

_TYPES: Mapping[str, type] = {"number": float, "integer": int, "string": str, "boolean": bool}


def make_preset(own: OperatorPreset) -> Preset:
    """Make the preset of an operator's file."""
    return _make_preset(_Hashed(own))


@dataclass(frozen=True, slots=True, eq=False)
class _Hashed:
    """A preset that is compared by identity: dictionaries have no hash, and there is one object for each file."""

    own: OperatorPreset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and other.own is self.own

    def __hash__(self) -> int:
        return id(self.own)


@functools.lru_cache(maxsize=512)
def _make_preset(hashed: _Hashed) -> Preset:
    own = hashed.own
    least, most = own.inputs
    slots = tuple(
        InputSlot(f"in_{number}", InputKind.ANY, f"Input {number}.", at_least=int(number <= least))
        for number in range(1, most + 1)
    )
    suffix = suffix_of(own.outputs[0])
    return Preset(
        name=own.name,
        summary=own.summary,
        parameters=_make_model(own),
        slots=slots,
        output=own.outputs[0],
        suffixes=(suffix,) if suffix else (),
        build=OperatorTemplate(own),
        example=own.example,
        writes=", ".join(own.outputs[1:]) or None,
    )


def _make_model(own: OperatorPreset) -> type[FrozenModel]:
    fields: dict[str, Any] = {}
    for name, rule in own.parameters.items():
        choices = rule.get("enum")
        kind: Any = Literal[tuple(choices)] if choices else _TYPES[rule["type"]]
        limits = {
            key: rule[keyword]
            for key, keyword in (("ge", "minimum"), ("le", "maximum"), ("max_length", "maxLength"))
            if keyword in rule and not choices
        }
        if kind is str and "max_length" not in limits:
            limits["max_length"] = MAX_TEXT_CHARS
        if kind is float:
            limits["allow_inf_nan"] = False
        default = ... if name in own.required else rule["default"]
        example = own.example.get(name, rule.get("default"))
        examples = [] if example is None else [example]
        fields[name] = (kind, Field(default, description=rule["description"], examples=examples, **limits))
    made: type[FrozenModel] = create_model(own.name, __base__=PresetParameters, **fields)
    return made
