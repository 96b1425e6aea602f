"""Describes what a job would do: its inputs, its commands and its outputs, without secrets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import Field

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.actions.examples import JOB_ID
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.job.secrets import make_job_redaction
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.pipeline.lane_log import show_command
from ffmpeg_worker.pipeline.staged_names import StagedNames
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.make_plan import check_machine
from ffmpeg_worker.planning.plan import Lane, Plan
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.planning.steps import CopyStep, FfmpegStep, ProbeStep, RenderStep, Step, StillStep
from ffmpeg_worker.services import Services

StepKind = Literal["ffmpeg", "render", "still", "probe", "copy", "other"]
_PLANNING_S = 30.0
_PROBLEM = {
    "error": "This process needs an NVIDIA GPU.",
    "code": "hardware_unavailable",
    "fault": "caller",
    "retryable": False,
    "job_id": JOB_ID,
}
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_KINDS: tuple[tuple[type, StepKind], ...] = (
    (FfmpegStep, "ffmpeg"),
    (RenderStep, "render"),
    (StillStep, "still"),
    (ProbeStep, "probe"),
    (CopyStep, "copy"),
)


class PlannedInput(ResultModel):
    """A file that the job would fetch, or a text that it holds."""

    name: str = Field(description="Its name in the job, without the query of a URL.", examples=["in_1"])
    source: str | None = Field(
        None,
        description="Path or URL, without user, password and query; missing for a text that the job holds.",
        examples=["https://media.example/film.mp4"],
    )
    is_media: bool = Field(description="Whether its streams and its length matter.", examples=[True])


class PlannedStep(ResultModel):
    """One step of a process."""

    kind: StepKind = Field(
        description="`ffmpeg` runs a command; `render` and `still` draw a composition, `probe` reads media "
        "information, `copy` copies a file; `other` depends on earlier steps.",
        examples=["ffmpeg"],
    )
    command: str | None = Field(
        None,
        description="The command line as a shell would take it, without secrets.",
        examples=["ffmpeg -i in_1 -crf 23 out.mp4"],
    )
    frames: int | None = Field(None, description="Frames that are rendered.", examples=[300])


class PlannedProcess(ResultModel):
    """The steps of one process, in order."""

    preset: str | None = Field(None, description="Its preset.", examples=["gif"])
    steps: tuple[PlannedStep, ...] = Field(
        (), description="Steps; empty where they depend on the media of the inputs.", examples=[[]]
    )
    outputs: tuple[str, ...] = Field((), description="Names of the results.", examples=[["out.mp4"]])
    warnings: tuple[str, ...] = Field((), description="What the caller should know.", examples=[[]])
    problem: Problem | None = Field(None, description="Why it cannot run at all.", examples=[_PROBLEM])


class PlanReport(ResultModel):
    """The plan of a job: its inputs, commands and outputs."""

    action: str = Field(description="Its action.", examples=["process"])
    complete: bool = Field(
        description="False where the commands depend on the media of the inputs, which a plan does not fetch.",
        examples=[True],
    )
    inputs: tuple[PlannedInput, ...] = Field(description="Its inputs, each once.", examples=[[]])
    processes: tuple[PlannedProcess, ...] = Field(
        description="Its processes: several for `multi_process`, otherwise one.", examples=[[]]
    )
    shared_decoding: tuple[tuple[int, ...], ...] = Field(
        (), description="Processes that one FFmpeg runs together, by their number.", examples=[[[0, 1]]]
    )
    warnings: tuple[str, ...] = Field((), description="What was read differently.", examples=[[]])


async def describe_plan(services: Services, body: JobBody, owner: str) -> PlanReport:
    """Read and plan the job in a request body; nothing is fetched and nothing runs.

    Raises:
        WorkerError: the job is refused, as it would be if it was sent.
    """
    resources = services.resources
    read = await services.read(body, owner=owner)
    machine = await resources.machine_with_gpu() if read.wants_gpu else resources.machine
    if not read.packed:
        check_machine(read, machine)
    inputs = tuple(_describe_input(required) for required in read.required_inputs)
    needs_media = read.needs_media or (read.wants_gpu and bool(machine.gpu.encoders))
    report = PlanReport(
        action=read.job.action,
        complete=not (needs_media and inputs),
        inputs=inputs,
        processes=_processes_without_media(read),
        warnings=read.job.notes,
    )
    if not report.complete:
        return report
    deadline = time.monotonic() + _PLANNING_S
    plan = await resources.compute.plan(read, _stand_in_files(read), machine, deadline, owner=owner)
    return report.model_copy(
        update={
            "processes": tuple(_describe_lanes(read, plan)),
            "shared_decoding": tuple(fusion.members for fusion in plan.fusions),
        }
    )


def _describe_input(required: RequiredInput) -> PlannedInput:
    source = required.source
    shown = display_name(source.url) if isinstance(source, FileSource) else None
    return PlannedInput(name=display_name(required.key), source=shown, is_media=required.is_media)


def _processes_without_media(read: ReadJob[Any]) -> tuple[PlannedProcess, ...]:
    """Describe what is known without the media of the inputs: the caller's own commands, and names of presets."""
    redact = make_job_redaction(read.secrets, read.command_secrets)
    presets = {number: call.name for number, call in read.presets.items()}
    lanes = [Lane(_own_commands(chain), chain=chain) for chain in read.chains] or [Lane(())]
    return tuple(
        PlannedProcess(
            preset=presets.get(number),
            steps=tuple(_describe_step(lane, step, redact) for step in lane.steps),
        )
        for number, lane in enumerate(lanes)
    )


def _own_commands(chain: Chain) -> tuple[FfmpegStep, ...]:
    return tuple(FfmpegStep(Invocation(()), command=number) for number in range(len(chain.commands)))


def _stand_in_files(read: ReadJob[Any]) -> LocalFiles:
    """Names for the inputs in the command lines, which are replaced by the caller's when they are shown."""
    return LocalFiles({item.key: _stand_in(number, item) for number, item in enumerate(read.required_inputs)})


def _stand_in(number: int, required: RequiredInput) -> LocalFile:
    source = required.source
    name = source.name if isinstance(source, TextSource) else display_name(source.url)
    suffix = PurePosixPath(name).suffix
    staged = f"input-{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    return LocalFile(Path(staged), staged, 0, text=source.content if isinstance(source, TextSource) else None)


def _describe_lanes(read: ReadJob[Any], plan: Plan) -> Iterator[PlannedProcess]:
    redact = make_job_redaction(read.secrets, read.command_secrets)
    for number, lane in enumerate(plan.lanes):
        call = read.presets.get(number)
        failure = lane.failure
        names = StagedNames(lane.display_names)
        show = partial(_reword, names.replace_in, redact)
        yield PlannedProcess(
            preset=None if call is None else call.name,
            steps=tuple(_describe_step(lane, step, show) for step in lane.steps),
            outputs=tuple(redact(artifact.name) for artifact in lane.artifacts),
            warnings=tuple(map(show, lane.warnings)),
            problem=None if failure is None else Problem.model_validate(failure.as_problem("")),
        )


def _reword(rename: Callable[[str], str], redact: Callable[[str], str], text: str) -> str:
    return redact(rename(text))


def _describe_step(lane: Lane, step: Step, show: Callable[[str], str]) -> PlannedStep:
    kind = next((kind for made, kind in _KINDS if isinstance(step, made)), "other")
    if isinstance(step, FfmpegStep):
        return PlannedStep(kind=kind, command=show_command(lane, step, show))
    if isinstance(step, RenderStep):
        first, last = step.ranges[0], step.ranges[-1]
        encode = FfmpegStep(first.encode)
        command = show_command(replace(lane, chain=None), encode, show)
        return PlannedStep(kind=kind, command=command, frames=last.last - first.first)
    return PlannedStep(kind=kind)
