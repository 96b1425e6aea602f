"""Action `process`: run one FFmpeg command, or a chain of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ffmpeg_worker.command.parse_commands import ChainCommands
from ffmpeg_worker.command.secret_options import find_secret_values
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.file_names import OutputNames
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile
from ffmpeg_worker.measurements.table import AnyMeasurement

Hardware = Literal["off", "auto", "nvenc"]
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
