"""Reads the preset of a job: finds it, validates its parameters, and gives its inputs names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.explain import missing_field, quote_list, unknown_field
from ffmpeg_worker.job.given_parameters import GivenParameters
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.loose_values import read_loose_values
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.presets.encodings import suffix_of
from ffmpeg_worker.planning.presets.find_preset import find_preset
from ffmpeg_worker.planning.presets.preset import InputKind, InputSlot, Preset
from ffmpeg_worker.planning.presets.preset_call import NamedInput, PresetCall
from ffmpeg_worker.planning.read_by_range import may_read_by_range
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.reading_notes import ReadingNotes
from ffmpeg_worker.validation_errors import describe_problem

Inputs = Mapping[str, FileSource | TextSource]
_OWN_NAME = "input"


@dataclass(frozen=True, slots=True)
class ReadPreset:
    """The preset of a job; `inputs` are those of the job and of its `input`; `notes` tell of loose values."""

    call: PresetCall
    inputs: Inputs
    notes: tuple[str, ...] = ()


def read_preset(data: ProcessData, inputs: Inputs, machine: Machine, at: str | None = None) -> ReadPreset:
    """Read the preset of a process.

    `at` is the place of the process in the list of a job, such as `processes[1]`.

    Raises:
        InvalidJob: there is no such preset; a parameter, an input or the name of the output is wrong.
        UnsupportedFeature: FFmpeg lacks a filter that the preset needs.
    """
    given = data.parameters or GivenParameters()
    given = given if at is None else given.below(at)
    preset = find_preset(data.preset or "", machine.operator_presets, given.path_of("preset"))
    _check_filters(preset, machine, given)
    parameters, notes = _read_parameters(preset, given)
    own_name = _OWN_NAME if at is None else f"{at.replace('[', '_').rstrip(']')}_{_OWN_NAME}"
    all_inputs = dict(inputs)
    keys = [_name_source(source, all_inputs, own_name) for source in data.input]
    named = tuple(_fill_slots(preset, keys, inputs, given))
    call = PresetCall(
        preset.name,
        # The model of an operator's preset exists in this process only.
        parameters if preset.name not in {one.name for one in machine.operator_presets} else dict(parameters),
        named,
        _check_output(preset, data, given),
        given.at,
        given.nested,
    )
    return ReadPreset(call, all_inputs, notes)


def require_preset(call: PresetCall, inputs: Inputs) -> Iterator[RequiredInput]:
    """The files that a preset needs."""
    for one in call.inputs:
        source, is_media = inputs[one.key], one.kind is not InputKind.FILE
        yield RequiredInput(one.key, source, is_media=is_media, by_range=is_media and may_read_by_range(source))


def _check_filters(preset: Preset, machine: Machine, given: GivenParameters) -> None:
    missing = sorted(preset.filters - machine.filters) if machine.filters is not None else []
    if missing:
        raise UnsupportedFeature(
            f'The preset "{preset.name}" needs the filter "{missing[0]}", and the FFmpeg of this worker lacks it.',
            hint="Use the embedded FFmpeg (without FFMPEG_PATH), or one that is built with this filter.",
            where={"field": given.path_of("preset")},
        )


def _read_parameters(preset: Preset, given: GivenParameters) -> tuple[FrozenModel, tuple[str, ...]]:
    values, found = read_loose_values(dict(given.values), preset.parameters)
    notes = ReadingNotes()
    for loose in found:
        notes.add(given.path_of(str(loose.location[0])), loose.reading)
    try:
        return preset.parameters.model_validate(values), notes.sentences()
    except ValidationError as error:
        raise _explain(error, preset, given) from None


def _explain(error: ValidationError, preset: Preset, given: GivenParameters) -> InvalidJob:
    errors = error.errors(include_input=False, include_url=False)
    first = min(errors, key=lambda item: item["type"] != "extra_forbidden")
    name = str(first["loc"][0]) if first["loc"] else ""
    field = given.path_of(name)
    known = list(preset.parameters.model_fields)
    if first["type"] == "extra_forbidden":
        nested = name in given.nested
        return unknown_field(name, known if nested else (*known, *_DATA_FIELDS, *sorted(COMMON_FIELDS)), field)
    if first["type"] == "missing":
        return missing_field(field)
    if not name:
        path = f'"{given.at}"' if given.at else "The job"
        return _invalid(f"{path} {describe_problem(first)}.", first, None, given.at or "body")
    description = preset.parameters.model_fields[name].description if name in known else None
    return _invalid(f'"{field}" {describe_problem(first)}.', first, description, field)


def _invalid(message: str, error: ErrorDetails, description: str | None, field: str) -> InvalidJob:
    return InvalidJob(
        message,
        code="invalid_value",
        hint=error.get("ctx", {}).get("hint") or description,
        where={"field": field[:200]},
    )


_DATA_FIELDS = tuple(name for name in ProcessData.model_fields if name != "chainCmds")


def _check_output(preset: Preset, data: ProcessData, given: GivenParameters) -> str | None:
    """The caller's name of the main result.

    Raises:
        InvalidJob: there are several, or the name has a suffix that the preset cannot write.
    """
    field = given.path_of("output")
    if len(data.output) > 1:
        raise InvalidJob(
            f'The preset "{preset.name}" takes one name as "output", and the job has {len(data.output)}.',
            code="invalid_value",
            hint="Name the main result; names of further results follow from it.",
            where={"field": field},
        )
    name = next(iter(data.output), None)
    if name is not None and preset.suffixes and suffix_of(name) not in preset.suffixes:
        raise InvalidJob(
            f'The preset "{preset.name}" cannot write a file of that name.',
            code="invalid_name",
            hint=f"Its name must end with {_or_list(preset.suffixes)}.",
            where={"field": field},
        )
    return name


def _or_list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _name_source(source: FileSource | TextSource, inputs: dict[str, FileSource | TextSource], own: str) -> str:
    """The name of one item of `input`, which is added to the inputs where it is none of them.

    Raises:
        InvalidJob: a placeholder that names no input.
    """
    if isinstance(source, FileSource) and not (source.headers or source.credentials or source.sha256):
        placeholders.check_names(source.url, inputs)
        name = placeholders.sole_name(source.url) or source.url
        if name in inputs:
            return name
    free = (own if number == 1 else f"{own}_{number}" for number in itertools.count(1))
    name = next(name for name in free if name not in inputs)
    inputs[name] = source
    return name


def _fill_slots(
    preset: Preset, keys: Sequence[str], inputs: Inputs, given: GivenParameters
) -> Iterator[NamedInput]:
    """Give inputs to the slots: those of `input` first, then those with the name of a slot, then in order.

    Raises:
        InvalidJob: there are too few or too many.
    """
    waiting = list(keys)
    others = [name for name in inputs if name not in keys]
    named = {slot.name for slot in preset.slots}
    unnamed = [name for name in others if name not in named]
    for index, slot in enumerate(preset.slots):
        later = sum(one.at_least for one in preset.slots[index + 1 :])
        found: list[str] = []
        while waiting and len(found) < slot.at_most:
            found.append(waiting.pop(0))
        if not keys or len(found) < slot.at_least:
            if slot.name in others and len(found) < slot.at_most:
                found.append(slot.name)
            while unnamed and len(found) < slot.at_most and (len(unnamed) > later or len(found) < slot.at_least):
                found.append(unnamed.pop(0))
        if len(found) < slot.at_least:
            raise _too_few(preset, slot, len(found), given)
        yield from (NamedInput(name, slot.name, slot.kind) for name in found)
    surplus = len(waiting) or (0 if keys else len(unnamed))
    if surplus:
        raise InvalidJob(
            f'The preset "{preset.name}" takes {_count_inputs(preset)}, and the job has {surplus} more.',
            code="invalid_value",
            hint='Name those that it is to use with "input".',
            where={"field": given.path_of(_OWN_NAME)},
        )


def _too_few(preset: Preset, slot: InputSlot, found: int, given: GivenParameters) -> InvalidJob:
    names = [f"{one.name} ({one.kind})" for one in preset.slots if one.at_least]
    what = f"at least {slot.at_least} inputs" if slot.at_least > 1 else f'the input "{slot.name}": {slot.meaning}'
    return InvalidJob(
        f'The preset "{preset.name}" needs {what.rstrip(".")}'
        + (f", and the job has {found}." if slot.at_least > 1 else "."),
        code="missing_input",
        hint=f'Give its inputs in this order with "input" or "inputs": {quote_list(names)}.',
        where={"field": given.path_of(_OWN_NAME)},
    )


def _count_inputs(preset: Preset) -> str:
    most = sum(slot.at_most for slot in preset.slots)
    return "one input" if most == 1 else f"at most {most} inputs"
