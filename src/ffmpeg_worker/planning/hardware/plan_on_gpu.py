"""Plan a chain for the GPU where the caller asks for it and every command can be mapped, else for the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Gpu, Machine
from ffmpeg_worker.planning.commands.plan_chain import plan_chain
from ffmpeg_worker.planning.commands.read_chain import Chain, ReadCommand
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.hardware.map_command import map_command
from ffmpeg_worker.planning.hardware.missing_card import without_automatic_hwaccel
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import find_software_encoder
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits, make_limits
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep

_NULL_OUTPUTS = frozenset({"/dev/null", "-", "NUL"})


def plan_for_machine(chain: Chain, files: LocalFiles, machine: Machine, hardware: str) -> tuple[Chain, Lane]:
    """Plan a chain as `plan_on_gpu` does; without a graphics card, `-hwaccel auto` is left out with a warning.

    Raises:
        UnsupportedFeature, WorkerError: see `plan_on_gpu`.
    """
    warnings: tuple[str, ...] = ()
    if not machine.has_card:
        chain, warnings = without_automatic_hwaccel(chain)
    as_run, lane = plan_on_gpu(chain, files, make_limits(machine), machine.gpu, hardware)
    return as_run, replace(lane, warnings=(*lane.warnings, *warnings))


def plan_on_gpu(
    chain: Chain, files: LocalFiles, limits: CommandLimits | None, gpu: Gpu, hardware: str
) -> tuple[Chain, Lane]:
    """Plan a chain for the GPU or for the CPU; `hardware` is `off`, `auto` or `nvenc`.

    Returns:
        The commands as they will run, and their lane.

    Raises:
        UnsupportedFeature: `hardware` is `nvenc` and a command cannot be mapped.
        WorkerError: as for `plan_chain`.
    """
    cpu_lane = plan_chain(chain, files, limits)
    if hardware == "off":
        return chain, cpu_lane
    try:
        mapped = _map_chain(chain.commands, files, gpu, may_scale=hardware == "nvenc")
    except NotMapped as error:
        if hardware == "nvenc":
            raise UnsupportedFeature(
                f"The command cannot be mapped onto NVENC. {error}",
                code="hardware_not_mapped",
                hint='Change that, write the command for NVENC yourself, or use "auto".',
                where={"field": "hardware"},
            ) from None
        return chain, replace(cpu_lane, warnings=(*cpu_lane.warnings, f"This ran on the CPU. {error}"))
    as_run = replace(chain, commands=tuple(read for _, read in mapped))
    lane = plan_chain(as_run, files, limits)
    steps = [step for step in lane.steps if isinstance(step, FfmpegStep)]
    return as_run, replace(
        lane,
        steps=tuple(replace(step, command=number) for step, (number, _) in zip(steps, mapped, strict=True)),
        # Durations follow from the commands as the caller wrote them.
        chain=chain,
        artifacts=cpu_lane.artifacts,
        runs_on_gpu=True,
        cpu_fallback=cpu_lane if hardware == "auto" else None,
    )


def _map_chain(
    chain: Sequence[ReadCommand], files: LocalFiles, gpu: Gpu, *, may_scale: bool
) -> tuple[tuple[int, ReadCommand], ...]:
    """Map every command that encodes video and keep the others. The two commands of a two-pass encode become one.

    Returns:
        The commands, each with its number in the caller's chain.

    Raises:
        NotMapped: one command cannot be mapped, or none encodes video.
    """
    if not gpu.encoders:
        raise NotMapped(gpu.reason or "There is no GPU that encodes.")
    mapped: list[tuple[int, ReadCommand]] = []
    found_any = False
    is_second_pass = False
    for number, read in enumerate(chain):
        if _is_first_pass(read, chain[number + 1 : number + 2]):
            is_second_pass = True
            continue
        media = [files[one.keys[0]].media if one.kind is InputKind.SOURCE else None for one in read.inputs]
        line = map_command(read.line, media, gpu, may_scale=may_scale, two_passes=is_second_pass)
        found_any = found_any or line is not None
        mapped.append((number, read if line is None else replace(read, line=line)))
        is_second_pass = False
    if not found_any:
        raise NotMapped("No output is encoded with libx264, libx265, libsvtav1 or libaom-av1.")
    return tuple(mapped)


def _is_first_pass(read: ReadCommand, following: Sequence[ReadCommand]) -> bool:
    if not following or len(read.line.outputs) != 1 or len(following[0].line.outputs) != 1:
        return False
    (first,), (second,) = read.line.outputs, following[0].line.outputs
    writes_nothing = first.url in _NULL_OUTPUTS or first.value_of("f") == "null"
    is_same_encoder = find_software_encoder(first) == find_software_encoder(second)
    are_passes = (first.value_of("pass"), second.value_of("pass")) == ("1", "2")
    return writes_nothing and are_passes and is_same_encoder and read.line.inputs == following[0].line.inputs
