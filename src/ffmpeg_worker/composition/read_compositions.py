"""Reads compositions from JSON, one for each row of variables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ffmpeg_worker.budgets import MAX_AUDIO
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.errors import describe_validation_error, invalid_field
from ffmpeg_worker.composition.json_path import OriginalJson, Origins, join_path, path_of
from ffmpeg_worker.composition.legacy import convert_legacy, convert_legacy_layer, is_legacy
from ffmpeg_worker.composition.media_layers import AudioLayer
from ffmpeg_worker.composition.placeholder import PLACEHOLDER
from ffmpeg_worker.composition.references import check_references
from ffmpeg_worker.composition.row_budgets import CharacterBudget, check_rows
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.composition.variables import Variables, fill_variables, read_rows, unknown_variable
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.loose_values import LooseValue, read_loose_values
from ffmpeg_worker.reading_notes import ReadingNotes


@dataclass(frozen=True, slots=True)
class SharedFields:
    """Fields of a job beside its composition that belong to it, as JSON.

    Attributes:
        audio: list of sounds.
        variables: an object, or a list of objects.
        path: JSON path of the object that contains these fields.
        inputs: names of the job's inputs, which a `src` may refer to; `None` if they are unknown.
        notes: collects how values were read that are not written as their fields take them.
    """

    audio: Any = None
    variables: Any = None
    path: str = ""
    inputs: Collection[str] | None = None
    notes: ReadingNotes = field(default_factory=ReadingNotes)


NO_SHARED_FIELDS = SharedFields()


def read_compositions(
    value: Any, *, at: str = "", shared: SharedFields = NO_SHARED_FIELDS
) -> tuple[Composition, ...]:
    """Read a composition in any of its schemas.

    Args:
        value: JSON: an object with `layers`, or with the legacy `nodes`.
        at: path of `value` in the job, for errors.
        shared: fields beside the composition that belong to it.

    Returns:
        One composition, or one for each row where `variables` is a list.

    Raises:
        InvalidJob: the composition is invalid; `where.field` is the JSON path as the caller wrote it, and
            `where.row` the row of variables (from 0) where there are several.
    """
    if not isinstance(value, dict):
        raise InvalidJob(
            "A composition is a JSON object.",
            hint='For example {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello"}]}.',
            where={"field": at} if at else None,
        )
    own = read_rows(value.get("variables"), join_path(at, "variables"))
    rows = own
    if shared.variables is not None:
        defaults = own[0] if len(own) == 1 else {}
        rows = tuple(
            {**defaults, **row} for row in read_rows(shared.variables, join_path(shared.path, "variables"))
        )
    plain = {key: item for key, item in value.items() if key != "variables"}
    check_rows(plain, shared.audio, len(rows), at)
    budget = CharacterBudget()
    compositions = []
    for index, row in enumerate(rows):
        try:
            compositions.append(_with_audio(_read_one(plain, row, at, shared, budget), row, shared, budget))
        except InvalidJob as error:
            raise error.at(row=index) if len(rows) > 1 else error from None
    return tuple(compositions)


def _with_audio(
    composition: Composition, row: Variables, shared: SharedFields, budget: CharacterBudget
) -> Composition:
    """Add a list of `{url, startTime, endTime, fadeIn, fadeOut, volume}`; keys of audio layers work too."""
    if shared.audio is None:
        return composition
    at = join_path(shared.path, "audio")
    if not isinstance(shared.audio, list) or len(shared.audio) > MAX_AUDIO:
        raise invalid_field(at, f"must be a list of at most {MAX_AUDIO} sounds")
    sounds = (
        _read_audio(item, row, path_of((at, index)), budget, shared.notes)
        for index, item in enumerate(shared.audio)
    )
    return composition.model_copy(update={"layers": (*composition.layers, *sounds)})


def _read_one(
    value: dict[str, Any], row: Variables, at: str, shared: SharedFields, budget: CharacterBudget
) -> Composition:
    filled = fill_variables(value, row, at, budget)
    origins: Origins = {}
    found: list[LooseValue] = []
    if is_legacy(filled):
        filled, origins = convert_legacy(filled, found)
    written = OriginalJson(value, at, origins)
    filled = _read_loose(filled, Composition, written, found, shared.notes)
    try:
        composition = Composition.model_validate({**filled, "variables": row})
    except ValidationError as error:
        raise describe_validation_error(error, filled, written) from None
    check_references(composition, written)
    for file in find_named_files(composition):
        name = PLACEHOLDER.fullmatch(file.src.strip())
        if name is not None and shared.inputs is not None and name.group("name") not in shared.inputs:
            raise unknown_variable(name.group("name"), {*row, *shared.inputs}, written.path(file.location))
    return composition


def _read_audio(value: Any, row: Variables, at: str, budget: CharacterBudget, notes: ReadingNotes) -> AudioLayer:
    filled = fill_variables(value, row, at, budget)
    origins: Origins = {}
    found: list[LooseValue] = []
    layer = convert_legacy_layer(
        {"type": "audio", **filled} if isinstance(filled, dict) else filled, (), (), origins, found
    )
    written = OriginalJson(value, at, origins)
    layer = _read_loose(layer, AudioLayer, written, found, notes)
    try:
        return AudioLayer.model_validate(layer)
    except ValidationError as error:
        raise describe_validation_error(error, layer, written) from None


def _read_loose(
    value: Any, model: type[FrozenModel], written: OriginalJson, found: list[LooseValue], notes: ReadingNotes
) -> Any:
    """Read the loose values of a composition or a layer; note them, and those that were `found` before."""
    read, more = read_loose_values(value, model)
    for loose in (*found, *more):
        notes.add(written.path(loose.location), loose.reading)
    return read
