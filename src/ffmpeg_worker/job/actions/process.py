"""Action `process`: run one FFmpeg command, or a chain of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from ffmpeg_worker.budgets import MAX_CHUNKS
from ffmpeg_worker.command.parse_commands import ChainCommands
from ffmpeg_worker.command.secret_options import find_secret_values
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.file_names import OutputNames
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile
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

EXAMPLE_COMMAND = "ffmpeg -i {{in_1}} -c:v libx264 -crf 23 small.mp4".split()


class ProcessData(JobData):
    """One FFmpeg command, or a chain of commands in one working directory."""

    chainCmds: ChainCommands = Field(  # noqa: N815  (the contract's name)
        description="The command: tokens, one string, or a chain (a list of lists, or `&&` between tokens).",
        examples=[EXAMPLE_COMMAND],
    )
    output: OutputNames = Field(
        (),
        validate_default=True,
        description="Names of the files that are the result. They are appended to the last command if that "
        "names no output itself. Default: every file that is written and not read again.",
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
    path="/ffmpeg/process",
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
