"""Joins copied and encoded packets to one video, in a confined child process of the job."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ffmpeg_worker.errors import EngineFailed, SourceError
from ffmpeg_worker.ffmpeg.probe import frame_requests
from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.progress import FractionReport, Pace, step_fraction
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep, JoinStep
from ffmpeg_worker.planning.stream_copy.join_order import JoinOrder


class PacketsDoNotFit(Exception):
    """The packets cannot be joined; the message is a clause."""


async def join_packets(runner: CommandRunner, probes: ProbeSession, order: JoinOrder) -> float:
    """Write the file of an order into the folder of a runner, in a slot that was taken before.

    Returns:
        The processor time in seconds.

    Raises:
        PacketsDoNotFit: a file is not as it was when the order was made, or parameters do not go together.
        WorkerError: a source cannot be read, there is no room or no time.
    """
    found = {name: runner.by_range.find(name.removeprefix(f"{STAGING_FOLDER}/")) for name in order.sources}
    files = {name: file for name, file in found.items() if file is not None}
    work = frame_requests.join_packets(probes, runner.folder, order.as_json, runner.seconds_left, files)
    problem, cpu_seconds = await runner.by_range.check(runner.hold(work), files.values())
    if problem:
        raise PacketsDoNotFit(problem)
    return cpu_seconds


async def join(step: JoinStep, command: CommandRunner, probes: ProbeSession, report: FractionReport) -> StepResult:
    """Join the packets of encoded ranges and sources to one video. Only the copied frames count.

    Raises:
        EngineError: they cannot be joined.
    """
    await command.place_all(step.setup)

    def tell(progress: Progress) -> None:
        report(0.5 + step_fraction(progress, step.expected_s) / 2, Pace(progress.speed, progress.fps))

    try:
        async with command.slot():
            cpu_seconds = await join_packets(command, probes, step.order)
        report(0.5, Pace())
        result = await command.run(FfmpegStep(step.write, is_auxiliary=True), tell, is_alone=False)
    except (PacketsDoNotFit, SourceError) as error:
        raise EngineFailed(
            "The copied frames cannot be joined.", code="renderer_failed", detail=str(error)
        ) from None
    finally:
        with suppress(FileNotFoundError):
            (command.folder / step.order.output).unlink()
    copied = step.order.copied_frames
    return replace(
        result,
        frames=copied,
        copied_frames=copied,
        out_time_s=copied * step.rate[1] / step.rate[0],
        cpu_seconds=result.cpu_seconds + cpu_seconds,
    )
