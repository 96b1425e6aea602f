"""The lane of a chain, on the card where its caller wants that and it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.planning.commands.chain import ReadCommand, plan_chain
from ffmpeg_worker.planning.hardware.map_chain import map_chain
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import FfmpegStep, Lane


def plan_on_gpu(
    chain: tuple[ReadCommand, ...],
    outputs: Sequence[str],
    files: LocalFiles,
    limits: CommandLimits | None,
    gpu: Gpu,
    hardware: str,
) -> tuple[tuple[ReadCommand, ...], Lane]:
    """Plan a chain for the card, or for the CPU.

    Args:
        chain, outputs, files, limits: as for `plan_chain`.
        gpu: what the card can do.
        hardware: `off`, `auto` or `nvenc`.

    Returns:
        The commands as they will run, and their lane.

    Raises:
        UnsupportedFeature: `nvenc` was asked for, and a command has no certain counterpart.
        WorkerError: as for `plan_chain`.
    """
    plain = plan_chain(chain, outputs, files, limits)
    if hardware == "off":
        return chain, plain
    try:
        mapped = map_chain(chain, files, gpu, may_scale=hardware == "nvenc")
    except NotMapped as error:
        if hardware == "nvenc":
            raise UnsupportedFeature(
                f"The command cannot be mapped onto NVENC. {error}",
                code="hardware_not_mapped",
                hint='Change that, write the command for NVENC yourself, or use "auto".',
                where={"field": "hardware"},
            ) from None
        return chain, replace(plain, warnings=(*plain.warnings, f"This ran on the CPU. {error}"))
    commands = tuple(read for _, read in mapped)
    lane = plan_chain(commands, outputs, files, limits)
    steps = [step for step in lane.steps if isinstance(step, FfmpegStep)]
    return commands, replace(
        lane,
        steps=tuple(replace(step, command=number) for step, (number, _) in zip(steps, mapped, strict=True)),
        # Lengths are read from the command that the caller wrote.
        artifacts=plain.artifacts,
        runs_on_gpu=True,
        instead=plain if hardware == "auto" else None,
    )
