"""Action `process`: run one FFmpeg command, or a chain of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ffmpeg_worker.budgets import MAX_CHUNKS, MAX_PRESET_INPUTS
from ffmpeg_worker.command.parse_commands import COMMANDS_SCHEMA, Commands, parse_commands
from ffmpeg_worker.command.secret_options import find_secret_values
from ffmpeg_worker.frozen_model import require_one
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.file_names import OutputNames
from ffmpeg_worker.job.given_parameters import GivenParameters, gather_parameters, read_parameters
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile
from ffmpeg_worker.job.sources import SOURCE_SCHEMA, Source
from ffmpeg_worker.loose_values import is_blank
from ffmpeg_worker.measurements.table import AnyMeasurement
from ffmpeg_worker.validation_errors import wrong_value

Hardware = Literal["off", "auto", "nvenc"]


def _read_parallel(value: Any) -> Any:
    if value is False or value == "auto":
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and _MIN_CHUNKS <= value <= MAX_CHUNKS and int(value) == value:
        return int(value)
    raise wrong_value(f'must be "auto", false, or a whole number from {_MIN_CHUNKS} to {MAX_CHUNKS}')


_MIN_CHUNKS = 2
Parallel = Annotated[
    int | bool | Literal["auto"],
    PlainValidator(_read_parallel),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": _MIN_CHUNKS, "maximum": MAX_CHUNKS},
                {"type": "string", "enum": ["auto"]},
                {"type": "boolean", "const": False},
            ]
        }
    ),
]
"""Into how many chunks an encode may be split: as many as pay, none, or at most a number."""

_MAX_PRESET_NAME = 64


def _read_one_or_many(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value if isinstance(value, tuple) else (value,)


PresetInputs = Annotated[
    tuple[Source, ...],
    Field(max_length=MAX_PRESET_INPUTS, fail_fast=True),
    BeforeValidator(_read_one_or_many),
    WithJsonSchema(
        {
            "anyOf": [
                *SOURCE_SCHEMA["anyOf"],
                {"type": "array", "items": SOURCE_SCHEMA, "maxItems": MAX_PRESET_INPUTS},
            ]
        }
    ),
]
"""The inputs of a preset: one or several names of inputs, paths, URLs or objects."""

Parameters = Annotated[
    GivenParameters,
    PlainValidator(read_parameters),
    PlainSerializer(lambda given: dict(given.values)),
    WithJsonSchema({"type": "object"}),
]


def _read_commands(value: Any, info: ValidationInfo) -> Any:
    """Parse the commands; there are some, unless a preset makes them."""
    if value != ():
        return parse_commands(value)
    if info.data.get("preset") is None:
        raise PydanticCustomError("missing", "Field required")
    return value


CommandsOrNone = Annotated[Commands, PlainValidator(_read_commands), PlainSerializer(list), COMMANDS_SCHEMA]
"""As `ChainCommands`, and empty where there is a preset."""

EXAMPLE_COMMAND = "ffmpeg -i {{in_1}} -c:v libx264 -crf 23 small.mp4".split()


class ProcessData(JobData):
    """One FFmpeg command, or a chain of commands in one working directory; or a preset that makes them."""

    model_config = ConfigDict(
        json_schema_extra=require_one(
            "chainCmds",
            "preset",
            refused=[{"required": [name], "not": {"required": ["preset"]}} for name in ("input", "parameters")],
        )
    )

    preset: str | None = Field(
        None,
        min_length=1,
        max_length=_MAX_PRESET_NAME,
        json_schema_extra={"pattern": "^[a-z][a-z0-9_]*$"},
        description="Name of a preset, instead of `chainCmds`; its parameters stand beside it or in `parameters`. "
        "`GET /api/presets` and docs/presets.md list them.",
        examples=["gif"],
    )
    chainCmds: CommandsOrNone = Field(  # noqa: N815  (the contract's name)
        default_factory=Commands,
        validate_default=True,
        description="The command: tokens, one string, or a chain (a list of lists, or `&&` between tokens).",
        examples=[EXAMPLE_COMMAND],
    )
    input: PresetInputs = Field(
        (),
        description="With `preset`: the input, or a list of them: name of an input of the job, path, URL, or "
        "object. Default: the job's `inputs`.",
        examples=["in_1"],
    )
    parameters: Parameters | None = Field(
        None,
        description="With `preset`: its parameters. They may also stand directly in the data.",
        examples=[{}],
    )
    output: OutputNames = Field(
        (),
        validate_default=True,
        description="Names of the files that are the result. They are appended to the last command if that "
        "names no output itself. Default: every file that is written and not read again; or those of the preset.",
        examples=["small.mp4"],
    )
    hardware: Hardware | None = Field(
        None,
        description="Whether an NVIDIA GPU replaces software encoders: `off` (default); `auto`, where that is "
        "sure to work, else the CPU encodes and `warnings` gives the reason; or `nvenc`, which fails where that "
        "is impossible.",
        examples=["auto"],
    )
    parallel: Parallel | None = Field(
        None,
        description="Whether a long encode is split into chunks that are encoded side by side and joined without "
        "loss: `false` (default); `auto`, where several workers can share them; or the most chunks, as a number. "
        "Where the result might differ from that of one process, one process encodes all, and `warnings` gives "
        "the reason.",
        examples=["auto"],
    )

    smart_cut: bool = Field(
        False,
        description="Whether a command that cuts a part out of an H.264 or HEVC video copies its frames and "
        "encodes only those at the cuts, so that the part is exact. Where that is impossible, all frames of the "
        "part are encoded, and `warnings` gives the reason.",
        examples=[True],
    )

    @model_validator(mode="before")
    @classmethod
    def _gather_parameters(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict) or is_blank(value.get("preset")):
            return value
        return gather_parameters(value, cls.model_fields, (info.context or {}).get("path", ""))

    @field_validator("input")
    @classmethod
    def _refuse_input_of_commands(cls, value: Any, info: ValidationInfo) -> Any:
        if value and info.data.get("preset") is None:
            raise wrong_value('belongs to a "preset", and the job names none', 'Commands name theirs after "-i".')
        return value

    @property
    def may_be_split(self) -> bool:
        """See `JobData.may_be_split`."""
        return bool(self.parallel)

    def secret_values(self) -> Sequence[str]:
        """See `JobData.secret_values`."""
        return [secret for source in self.input for secret in source.secret_values()]

    def command_secrets(self) -> Iterator[str]:
        """See `JobData.command_secrets`."""
        for command in self.chainCmds:
            yield from find_secret_values(command)


class ProcessJob(Job):
    """A job with action `process`."""

    action: Literal["process"]
    data: ProcessData


class ProcessResult(FilesResult):
    """Result of `process`."""

    outputs: tuple[OutputFile, ...] = Field(
        description="Delivered files; a playlist comes before its segments.", examples=[[]]
    )
    measurements: tuple[AnyMeasurement, ...] | None = Field(
        None, description="What the filters of the commands measured, one entry for each filter.", examples=[[]]
    )
    logs: tuple[CommandLog, ...] | None = Field(
        None, description="Logs of commands that measure, or write no file.", examples=[[]]
    )
    warns_of_weak_sandbox = True


PROCESS = Action(
    name="process",
    path=ACTION_PATHS["process"],
    job=ProcessJob,
    result=ProcessResult,
    summary="Run one FFmpeg command, or a chain of them",
    request={
        "chainCmds": "ffmpeg -i {{in_1}} -vf scale=-2:720 -c:v libx264 -crf 23 small.mp4".split(),
        "output": "small.mp4",
        "inputs": {"in_1": "clips/intro.mp4"},
        "timeout": 120,
    },
    response={"job_id": JOB_ID, "outputs": [OUTPUT], "stats": STATS, "warnings": []},
)
