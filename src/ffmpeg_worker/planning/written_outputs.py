"""The output that each step of a lane makes, by the caller's name, for progress."""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import CopyStep, FfmpegStep, JoinStep, RenderStep, Step, StillStep


def name_written_outputs(lane: Lane) -> tuple[str | None, ...]:
    """Return the name of the output that each step makes, or prepares: the next one that a step writes.

    A command of a chain that writes no file, and after which none is written, is named by its number.
    """
    names = {artifact.work_name: artifact.name for artifact in lane.artifacts}
    latest = lane.artifacts[-1].name if lane.artifacts else None
    found: list[str | None] = []
    for step in reversed(lane.steps):
        latest = _find_written(step, lane.chain, names) or latest
        name = latest or _name_command(step, lane.chain)
        found.append(name and display_name(name))
    return tuple(reversed(found))


def _find_written(step: Step, chain: Chain | None, names: Mapping[str, str]) -> str | None:
    match step:
        case FfmpegStep() if chain is not None and step.command < len(chain.commands):
            outputs = chain.commands[step.command].outputs
            return next((output.name for output in outputs if output.name is not None), None)
        case FfmpegStep(invocation=invocation) if invocation.arguments:
            return names.get(invocation.arguments[-1].removeprefix("file:"))
        case RenderStep(ranges=(part, *_)):
            return names.get(part.encode.arguments[-1].removeprefix("file:"))
        case JoinStep(write=write):
            return names.get(write.arguments[-1].removeprefix("file:"))
        case CopyStep(work_name=work_name) | StillStep(work_name=work_name):
            return names.get(work_name)
    return None


def _name_command(step: Step, chain: Chain | None) -> str | None:
    return f"command {step.command}" if isinstance(step, FfmpegStep) and chain is not None else None
