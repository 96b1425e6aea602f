"""Reads the files of an operator's presets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from ffmpeg_worker.budgets import MAX_PRESET_INPUTS
from ffmpeg_worker.command.parse_commands import ChainCommands
from ffmpeg_worker.errors import Misconfigured, WorkerError
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.file_names import OutputNames
from ffmpeg_worker.job.job import COMMON_FIELDS
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.presets.operator_template import MAX_TEXT_CHARS, OperatorTemplate
from ffmpeg_worker.planning.presets.table import PRESETS
from ffmpeg_worker.validation_errors import describe_problem, wrong_value

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INPUT = re.compile(r"in_([1-9][0-9]?)")
_RESERVED = frozenset({*ProcessData.model_fields, *COMMON_FIELDS})
Scalar = str | bool | int | float


class _Parameter(FrozenModel):
    """The subset of JSON Schema that describes a parameter."""

    type: Literal["number", "integer", "string", "boolean"]
    description: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    default: Scalar | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Scalar, ...] | None = Field(None, min_length=1, max_length=100, strict=False)
    maxLength: int | None = Field(None, ge=1, le=MAX_TEXT_CHARS)  # noqa: N815  (a keyword of JSON Schema)

    @model_validator(mode="after")
    def _check_keywords(self) -> Self:
        is_number = self.type in {"number", "integer"}
        if not is_number and (self.minimum is not None or self.maximum is not None):
            raise wrong_value('has "minimum" or "maximum", which only numbers have')
        if self.type != "string" and self.maxLength is not None:
            raise wrong_value('has "maxLength", which only strings have')
        for value in (*(self.enum or ()), *(() if self.default is None else (self.default,))):
            if not _is_of(value, self.type):
                raise wrong_value(f'has a "default" or "enum" that is no {self.type}')
        return self


class _File(FrozenModel):
    """A file of the folder of presets."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    description: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    parameters: dict[str, _Parameter] = Field(default_factory=dict, max_length=50)
    required: tuple[str, ...] = Field((), strict=False)
    inputs: int = Field(1, ge=0, le=MAX_PRESET_INPUTS)
    output: Annotated[OutputNames, Field(min_length=1)]
    chainCmds: ChainCommands  # noqa: N815  (the contract's name)
    example: dict[str, Any] = Field(default_factory=dict)


def _is_of(value: Scalar, kind: str) -> bool:
    if isinstance(value, bool) or kind == "boolean":
        return isinstance(value, bool) and kind == "boolean"
    return isinstance(value, str) if kind == "string" else isinstance(value, int | float)


def read_operator_preset(document: Any, file_name: str, *, option_policy: bool) -> OperatorPreset:
    """Read the JSON of one file; its name without `.json` is the name of the preset unless it has another.

    The commands are judged as those of callers are, with the default or a sample of each parameter.

    Raises:
        Misconfigured: with the file and the field.
    """
    try:
        read = _File.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "it"
        raise _wrong(file_name, f"{field} {describe_problem(first)}") from None
    name = read.name or file_name.removesuffix(".json")
    _check_names(name, read, file_name)
    preset = OperatorPreset(
        name=name,
        summary=read.description,
        parameters={key: rule.model_dump(exclude_none=True) for key, rule in read.parameters.items()},
        required=frozenset(read.required),
        inputs=(read.inputs, read.inputs),
        outputs=read.output,
        commands=tuple(read.chainCmds),
        example=read.example,
    )
    _check_commands(preset, file_name, option_policy=option_policy)
    return preset


def _check_names(name: str, read: _File, file_name: str) -> None:
    """Check the names of a preset and of its parameters.

    Raises:
        Misconfigured: one is taken or malformed, or a parameter needs a default or a place in "required".
    """
    if not _NAME.fullmatch(name):
        raise _wrong(file_name, "the name must be 1 to 64 small letters, digits and _, and begin with a letter")
    if name in PRESETS:
        raise _wrong(file_name, f'"{name}" is the name of a preset of the worker')
    for parameter in read.parameters:
        if not _NAME.fullmatch(parameter) or parameter in _RESERVED or _INPUT.fullmatch(parameter):
            raise _wrong(file_name, f'"{parameter[:64]}" cannot be the name of a parameter')
    unknown = next((one for one in read.required if one not in read.parameters), None)
    if unknown is not None:
        raise _wrong(file_name, f'required names "{unknown[:64]}", which is no parameter')
    without_value = next(
        (one for one, rule in read.parameters.items() if rule.default is None and one not in read.required), None
    )
    if without_value is not None:
        raise _wrong(file_name, f'the parameter "{without_value}" has no default, and is not in "required"')


def _check_commands(preset: OperatorPreset, file_name: str, *, option_policy: bool) -> None:
    """Read the commands as a job would, with a sample of each parameter.

    Raises:
        Misconfigured: they have a name that is neither a parameter nor an input, or what no job may have.
    """
    names = {f"in_{number}" for number in range(1, preset.inputs[1] + 1)}
    for command in preset.commands:
        for name in (name for token in command for name in placeholders.names_in(token)):
            if name not in names and name not in preset.parameters:
                raise _wrong(
                    file_name, f'chainCmds has "{{{{{name[:64]}}}}}", which is neither a parameter nor an input'
                )
    sample = {name: rule.get("default", _sample(rule)) for name, rule in preset.parameters.items()}
    inputs = {name: FileSource(url=name) for name in sorted(names)}
    chain = OperatorTemplate(preset)(sample, (), preset.outputs[0])
    try:
        read_chain(chain.commands, chain.outputs, inputs, option_policy=option_policy)
    except WorkerError as error:
        raise _wrong(file_name, f"chainCmds: {error.message}", error.hint) from None


def _sample(rule: Mapping[str, Any]) -> Scalar:
    if rule.get("enum"):
        first: Scalar = rule["enum"][0]
        return first
    if rule["type"] == "boolean":
        return True
    return "text" if rule["type"] == "string" else rule.get("minimum", rule.get("maximum", 1))


def _wrong(file_name: str, problem: str, hint: str | None = None) -> Misconfigured:
    return Misconfigured(
        f"The preset {file_name} cannot be used: {problem.rstrip('.')}.",
        hint=hint or "docs/presets.md describes the files of FFMPEG_WORKER_PRESETS_ROOT.",
    )
