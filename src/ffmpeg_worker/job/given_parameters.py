"""The parameters of a preset as a caller has given them; the preset itself says which there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.loose_values import is_blank
from ffmpeg_worker.validation_errors import wrong_value

NESTED = "parameters"
_COMMANDS = "chainCmds"


@dataclass(frozen=True, slots=True)
class GivenParameters:
    """Values by name, not validated yet.

    `at` is the JSON path of the job's data, empty where the data is the body; `nested` are the names that stand in
    `parameters` and not directly in the data.
    """

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    at: str = ""
    nested: frozenset[str] = frozenset()

    def path_of(self, name: str) -> str:
        """The JSON path of a parameter, or of another field of the data."""
        inner = f"{NESTED}.{name}" if name in self.nested else name
        return f"{self.at}.{inner}" if self.at else inner

    def below(self, at: str) -> GivenParameters:
        """The same, of data that is one item of a list in the job's data."""
        return GivenParameters(self.values, f"{self.at}.{at}" if self.at else at, self.nested)


def gather_parameters(value: Mapping[str, Any], fields: Collection[str], at: str) -> dict[str, Any]:
    """Return the data of a job with a preset, whose keys that are no `fields` are gathered in `parameters`.

    Raises:
        PydanticCustomError: `parameters` is no object; a parameter is given twice; there are commands, too.
    """
    nested = value.get(NESTED)
    if isinstance(nested, GivenParameters):
        return dict(value)
    if not is_blank(nested) and not isinstance(nested, Mapping):
        raise wrong_value('has "parameters" that are no object', 'For example {"width": 480}.')
    if not is_blank(value.get(_COMMANDS)):
        raise wrong_value(f'has both "preset" and "{_COMMANDS}"', "Keep one of them.")
    inner = {} if is_blank(nested) else dict(nested or {})
    flat = {key: item for key, item in value.items() if key not in fields}
    twice = next((key for key in flat if key in inner), None)
    if twice is not None:
        raise wrong_value(
            'has a parameter both directly and in "parameters"', f'Keep one "{str(twice)[:64]}" of the two.'
        )
    own = {key: item for key, item in value.items() if key in fields and key not in {NESTED, _COMMANDS}}
    return {**own, NESTED: GivenParameters({**inner, **flat}, at, frozenset(inner))}


def read_parameters(value: Any) -> GivenParameters:
    """Accept what `gather_parameters` made.

    Raises:
        PydanticCustomError: there are parameters but no preset.
    """
    if not isinstance(value, GivenParameters):
        raise wrong_value('belong to a "preset", and the job names none', "GET /api/presets lists the presets.")
    return value
