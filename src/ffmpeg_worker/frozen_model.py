"""The base of everything a caller sends."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue


class FrozenModel(BaseModel):
    """Unknown keys are refused, values never echoed, nothing changes."""

    model_config = ConfigDict(
        # A validator is built when it is first needed: most models are only used inside others.
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
    )

    shorthand_field: ClassVar[str | None] = None
    """Field that a value stands for where callers may write the value instead of the object."""
    fields_read_apart: ClassVar[frozenset[str]] = frozenset()
    """Fields whose JSON a validator of this model reads in its own way, so that nothing else may change it."""
    fields_with_null: ClassVar[frozenset[str]] = frozenset()
    """Fields in which null is a value, "none of it", and not the same as leaving them out."""
    blanks_are_documented: ClassVar[bool] = False
    """Whether an empty text is the documented spelling of "not given" in every field of the model."""

    @classmethod
    def find_field(cls, key: str) -> str | None:
        """Return the name of the field that a key of the JSON stands for; `None` where the model has no such."""
        return _field_names(cls).get(key)


def field_names(model: type[BaseModel]) -> list[str]:
    """List the fields of a model as callers write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def refuse_together(*fields: str) -> dict[str, JsonValue]:
    """JSON Schema of an object that has at most one of these fields.

    It is a `not`: generators of clients make other code for objects with `oneOf`, and ignore this.
    """
    pairs: list[JsonValue] = [{"required": list(pair)} for pair in itertools.combinations(fields, 2)]
    return {"not": {"anyOf": pairs}}


def require_one(*fields: str, refused: Iterable[JsonValue] = ()) -> dict[str, JsonValue]:
    """JSON Schema of an object that has exactly one of these fields; see `refuse_together`.

    Objects that one of the schemas `refused` allows are refused too.
    """
    pairs: list[JsonValue] = [{"required": list(pair)} for pair in itertools.combinations(fields, 2)]
    any_of_them: list[JsonValue] = [{"required": [name]} for name in fields]
    return {"not": {"anyOf": [*pairs, *refused, {"not": {"anyOf": any_of_them}}]}}


@functools.cache
def _field_names(model: type[FrozenModel]) -> Mapping[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}
