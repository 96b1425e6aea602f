"""The composition in the data of a job, and the fields of the job that belong to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, JsonValue, PlainValidator, ValidationInfo, model_validator

from ffmpeg_worker.budgets import MAX_AUDIO, MAX_DURATION_S, MAX_SRC
from ffmpeg_worker.composition.composition import VARIABLES_SCHEMA, Composition
from ffmpeg_worker.composition.lengths import SERIALIZED
from ffmpeg_worker.composition.media_layers import SRC_DESCRIPTION
from ffmpeg_worker.composition.node import canonical_key
from ffmpeg_worker.composition.read_compositions import SharedFields, read_compositions
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job import JobData
from ffmpeg_worker.job.sources import find_signed_parts
from ffmpeg_worker.loose_values import is_blank
from ffmpeg_worker.reading_notes import ReadingNotes
from ffmpeg_worker.validation_errors import wrong_value

_NAMES = ("json", "composition")
_LAYERS = ("layers", "elements", "nodes")
_SHORTEST = (
    '{"json": {"width": 1280, "height": 720, "layers": ['
    '{"type": "shape", "shape": "rect", "fill": "#204060", "duration": 2}, {"type": "text", "text": "Hello"}]}}'
)
_EXAMPLE = {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello", "duration": 2}]}


_SECONDS: dict[str, JsonValue] = {"type": "number", "minimum": 0, "maximum": MAX_DURATION_S}
_SOUND_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "title": "Sound",
    "description": "A sound beside the composition. The keys of audio layers work too.",
    "properties": {
        "url": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_SRC,
            "description": SRC_DESCRIPTION,
            "examples": ["music/theme.mp3"],
        },
        "startTime": {**_SECONDS, "description": "Start in seconds of the composition.", "examples": [0]},
        "endTime": {**_SECONDS, "description": "End in seconds of the composition.", "examples": [10]},
        "fadeIn": {**_SECONDS, "description": "Seconds of the fade at its start.", "examples": [1]},
        "fadeOut": {**_SECONDS, "description": "Seconds of the fade at its end.", "examples": [2]},
        "volume": {
            "type": "number",
            "minimum": 0,
            "maximum": 10,
            "description": "Volume factor.",
            "examples": [0.5],
        },
    },
    "required": ["url"],
    "additionalProperties": False,
}


def _require_compositions(value: Any) -> tuple[Composition, ...]:
    """Accept the compositions that `_read_composition` has read, and refuse any other value."""
    if not isinstance(value, tuple):
        raise wrong_value("must be an object")
    return value


class CompositionData(JobData):
    """A composition under `json` or `composition`, or with its keys directly in the data.

    `compositions` holds one composition, or one for each row of variables.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    compositions: Annotated[
        tuple[Composition, ...],
        PlainValidator(_require_compositions, json_schema_input_type=Composition),
        SERIALIZED,
    ] = Field(
        alias="json",
        description="The composition. `composition` is another name of this field, and the composition's keys may "
        "also stand directly in the body. A list of `variables` makes one output for each of its items.",
        examples=[_EXAMPLE],
    )
    audio: Any = Field(
        None,
        exclude=True,
        description="More audio: a list of `{url, startTime, endTime, fadeIn, fadeOut, volume}`, in seconds.",
        examples=[[{"url": "music/theme.mp3", "startTime": 0, "fadeOut": 2, "volume": 0.5}]],
        json_schema_extra={"type": "array", "items": _SOUND_SCHEMA, "maxItems": MAX_AUDIO},
    )
    variables: Any = Field(
        None,
        exclude=True,
        description="Values for the composition's variables; they override its own. A list of objects makes one "
        "output for each.",
        examples=[{"name": "Ada"}],
        json_schema_extra=VARIABLES_SCHEMA,
    )
    fields_read_apart = frozenset({"compositions"})
    own_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of compositions that belong to the job where the composition's keys stand directly in the data."""

    def secret_values(self) -> Sequence[str]:
        """See `JobData.secret_values`."""
        files = (file for composition in self.compositions for file in find_named_files(composition))
        return [part for file in files for part in find_signed_parts(file.src)]

    @model_validator(mode="before")
    @classmethod
    def _read_composition(cls, value: Any, info: ValidationInfo) -> Any:
        """Find and read the composition; its errors have paths and codes of their own and are raised unchanged."""
        if not isinstance(value, dict):
            return value
        context = info.context or {}
        path = context.get("path", "")
        named = [name for name in _NAMES if name in value]
        if len(named) > 1:
            named = [name for name in named if not is_blank(value[name])] or named[:1]
        if len(named) > 1:
            raise wrong_value('names both "json" and "composition"', "Keep one of them.")
        rest = {key: item for key, item in value.items() if key not in (_NAMES if named else ())}
        if named:
            composition, at = value[named[0]], f"{path}.{named[0]}" if path else named[0]
            variables = rest.pop("variables", None)
        elif any(key in value for key in _LAYERS):
            composition = {key: rest.pop(key) for key in value if cls._belongs_to_composition(key, value[key])}
            at, variables = path, None
        elif cls._lacks_only_composition(value):
            field = f"{path}.json" if path else "json"
            raise InvalidJob(
                f'"{field}" is required: the job has no composition.',
                code="missing_field",
                hint=f"A composition is a size and a list of layers: {_SHORTEST}. docs/canvas.md describes it.",
                where={"field": field},
            )
        else:
            return value
        if isinstance(composition, tuple):  # this data was validated before
            return value
        shared = SharedFields(
            rest.pop("audio", None), variables, path, context.get("inputs"), context.get("notes") or ReadingNotes()
        )
        return {**rest, "json": read_compositions(composition, at=at, shared=shared)}

    @classmethod
    def _lacks_only_composition(cls, value: Mapping[str, Any]) -> bool:
        """Whether nothing but the composition is missing; a key that is not known says more about the mistake."""
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return "compositions" not in value and value.keys() <= known

    @classmethod
    def _belongs_to_composition(cls, key: Any, item: Any) -> bool:
        """Whether a key that stands directly in the data is one of the composition's."""
        if key in {"nodes", "dimensions"}:
            return True
        if key in cls.own_keys or not isinstance(key, str) or canonical_key(Composition, key) is None:
            return False
        return key != "audio" or isinstance(item, dict)
