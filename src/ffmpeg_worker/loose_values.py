"""Reads JSON in which optional fields are empty, and numbers are text.

Forms, spreadsheets and no-code tools send every field that they know, the unused ones as null or as an empty text,
and write numbers as text. What that means is certain, so it is read as what it means, and reported:

- Null or a blank text is "not given" where the field is optional; models name the fields where null is a value.
- Text that is a JSON number is that number where the field takes a number: "30", "1.5", but not "30px" or "0x1e".
- "true" and "false", in any case, are a switch where the field is one.

Blanks around numbers and switches do not count. Everything else stays as it is, for the model to judge. The types
of the models' fields say what a field takes.
"""

from __future__ import annotations

import functools
import math
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.reading_notes import Reading

Location: TypeAlias = tuple[int | str, ...]
_Place: TypeAlias = tuple[Any, int | str] | None
"""The place of the object or list around a value, and its key or index; `None` outermost."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_MAX_NUMBER_CHARACTERS = 64
_SWITCHES: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class LooseValue:
    """A value that was not read as it was written, and its location in the JSON."""

    location: Location
    reading: Reading


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: null, or a text of blanks only."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def read_number(value: Any) -> int | float | None:
    """Return the number that a text is; `None` where it is not exactly one, or no text."""
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARACTERS:
        return None
    match = _NUMBER.fullmatch(value.strip())
    if match is None:
        return None
    number = float(match[0]) if match[1] or match[2] else int(match[0])
    return number if math.isfinite(number) else None


def read_loose_values(value: Any, model: type[FrozenModel]) -> tuple[Any, list[LooseValue]]:
    """Return the JSON of a model with every loose value read, and where those were, in the order of the JSON."""
    reader = _Reader()
    return reader.read(value, _Kind(models=(model,)), None), reader.found


@dataclass(frozen=True, slots=True)
class _Kind:
    """The values that a type takes: numbers, whole numbers, switches, models, lists, objects of values."""

    number: bool = False
    whole: bool = False
    switch: bool = False
    models: tuple[type[FrozenModel], ...] = ()
    items: _Kind | None = None
    values: _Kind | None = None

    def __or__(self, other: _Kind) -> _Kind:
        """Take what either takes."""
        return _Kind(
            number=self.number or other.number,
            whole=self.whole and other.whole if self.number and other.number else self.whole or other.whole,
            switch=self.switch or other.switch,
            models=(*self.models, *(model for model in other.models if model not in self.models)),
            items=_either(self.items, other.items),
            values=_either(self.values, other.values),
        )


_NOTHING = _Kind()


def _either(first: _Kind | None, second: _Kind | None) -> _Kind | None:
    return first | second if first and second else first or second


@dataclass(frozen=True, slots=True)
class _Field:
    kind: _Kind
    is_optional: bool
    default: Any


@functools.cache
def _fields_of(model: type[FrozenModel]) -> Mapping[str, _Field]:
    return {name: _read_field(model, name, info) for name, info in model.model_fields.items()}


def _read_field(model: type[FrozenModel], name: str, info: FieldInfo) -> _Field:
    kind = _NOTHING if name in model.fields_read_apart else _kind_of(info.annotation)
    return _Field(kind, not info.is_required(), info.default)


_SCALARS: Mapping[Any, _Kind] = {
    int: _Kind(number=True, whole=True),
    float: _Kind(number=True),
    bool: _Kind(switch=True),
}


def _kind_of(annotation: Any) -> _Kind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, TypeAliasType):
        return _kind_of(annotation.__value__)
    if origin is Annotated:
        return _kind_of(arguments[0])
    if origin in (Union, types.UnionType, tuple):
        either = functools.reduce(_Kind.__or__, map(_kind_of, arguments))
        return _Kind(items=either) if origin is tuple else either
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Kind(values=_kind_of(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, FrozenModel):
        return _Kind(models=(annotation,))
    return _SCALARS.get(annotation, _NOTHING)


@dataclass(slots=True)
class _Reader:
    found: list[LooseValue] = field(default_factory=list)

    def read(self, value: Any, kind: _Kind, at: _Place) -> Any:
        if isinstance(value, dict):
            return self._read_object(value, kind, at)
        if isinstance(value, list):
            items = kind.items or kind.values  # inputs by name may be a list too
            if items is None:
                return value
            return [self.read(item, items, (at, index)) for index, item in enumerate(value)]
        if isinstance(value, (str, float)):
            return self._read_scalar(value, self._kind_of_scalar(kind), at)
        return value

    def _read_object(self, value: dict[str, Any], kind: _Kind, at: _Place) -> Any:
        model = _choose(kind.models or (kind.items.models if kind.items else ()), value)
        if model is not None:
            return self._read_fields(value, model, at)
        if kind.values is None or not kind.values.models:
            return value
        result = {}
        for key, item in value.items():
            if is_blank(item):
                self._report((at, key), Reading.NOT_GIVEN)
            else:
                result[key] = self.read(item, kind.values, (at, key))
        return result

    def _read_fields(self, value: dict[str, Any], model: type[FrozenModel], at: _Place) -> dict[str, Any]:
        fields = _fields_of(model)
        result = {}
        for key, item in value.items():
            name = model.find_field(key)
            place = (at, key)
            if name is None:
                result[key] = item
                continue
            known = fields[name]
            is_value = item is None and name in model.fields_with_null
            if is_value or not known.is_optional or not is_blank(item):
                result[key] = self.read(item, known.kind, place)
            elif not model.blanks_are_documented and (item is None or item != known.default):
                self._report(place, Reading.NOT_GIVEN)
        return result

    def _kind_of_scalar(self, kind: _Kind) -> _Kind:
        """Return what a value that is no object or list is read as: one item of a list may stand alone."""
        for model in kind.models:
            if model.shorthand_field is not None:
                kind |= _fields_of(model)[model.shorthand_field].kind
        return kind | kind.items if kind.items else kind

    def _read_scalar(self, value: str | float, kind: _Kind, at: _Place) -> Any:
        if isinstance(value, float):
            # JSON has one type of numbers: 30.0 is a whole number.
            return int(value) if kind.number and kind.whole and value.is_integer() else value
        if kind.switch and len(value) < _MAX_NUMBER_CHARACTERS:
            switch = _SWITCHES.get(value.strip().lower())
            if switch is not None:
                self._report(at, Reading.SWITCH)
                return switch
        number = read_number(value) if kind.number else None
        if number is None:
            return value
        self._report(at, Reading.NUMBER)
        return int(number) if kind.whole and number == int(number) else number

    def _report(self, place: _Place, reading: Reading) -> None:
        steps: list[int | str] = []
        while place is not None:
            place, step = place
            steps.append(step)
        self.found.append(LooseValue(tuple(reversed(steps)), reading))


def _choose(models: tuple[type[FrozenModel], ...], value: Mapping[str, Any]) -> type[FrozenModel] | None:
    """Return the model that an object is meant to be: the one whose fixed fields fit and that knows most keys."""
    fitting = [model for model in models if _fits(model, value)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return max(fitting, key=lambda model: sum(model.find_field(key) is not None for key in value))


def _fits(model: type[FrozenModel], value: Mapping[str, Any]) -> bool:
    return all(value.get(name) in choices for name, choices in _fixed_fields(model).items())


@functools.cache
def _fixed_fields(model: type[FrozenModel]) -> Mapping[str, tuple[Any, ...]]:
    """Required fields with a choice of texts, such as `type`, by their keys."""
    return {
        info.alias or name: get_args(info.annotation)
        for name, info in model.model_fields.items()
        if info.is_required() and get_origin(info.annotation) is Literal
    }
