"""Combines processes that read the same input in the same way into one ffmpeg: one decode, many outputs."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.command.command_line import CommandLine
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.planning.commands.plan_chain import plan_chain
from ffmpeg_worker.planning.commands.read_chain import WORKER_OPTIONS, Chain, ReadCommand
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import Fusion, Lane
from ffmpeg_worker.planning.steps import FfmpegStep

# Options of the whole program: before one output, they would change the other outputs too.
_PROGRAM_OPTIONS = frozenset(
    "copyts start_at_zero copytb vsync async xerror abort_on filter_complex lavfi filter_complex_script "
    "filter_complex_threads max_error_rate benchmark benchmark_all sdp_file vstats vstats_file vstats_version "
    "max_alloc cpuflags cpucount ignore_unknown copy_unknown dts_delta_threshold dts_error_threshold "
    "frame_drop_threshold vaapi_device qsv_device init_hw_device filter_hw_device timelimit debug_ts "
    "auto_conversion_filters print_graphs print_graphs_file print_graphs_format recast_media hex dump "
    "pass passlogfile".split()
)
_Key = tuple[tuple[str, ...], ...]


def plan_fusions(
    chains: Sequence[Chain], lanes: Sequence[Lane], files: LocalFiles, limits: CommandLimits | None
) -> tuple[Fusion, ...]:
    """Find the processes that may share a decode.

    Outputs of a fused run are byte-identical to those of separate runs; one that fails takes the others with it,
    which is why the lanes stay as they are for that case.

    `chains` are the commands of each process, `lanes` their plans in the same order.
    """
    groups: dict[_Key, list[int]] = {}
    for index, chain in enumerate(chains):
        key = _key(chain, lanes[index])
        if key is not None:
            groups.setdefault(key, []).append(index)
    fusions = []
    for members in groups.values():
        names = [artifact.work_name for index in members for artifact in lanes[index].artifacts]
        if len(members) > 1 and len(set(names)) == len(names):
            fusions.append(
                Fusion(tuple(members), _fuse([chains[index].commands[0] for index in members], files, limits))
            )
    return tuple(fusions)


def _key(chain: Chain, lane: Lane) -> _Key | None:
    """The key that processes must have in common to share a decode; `None` for one that cannot share."""
    commands = chain.commands
    if len(commands) != 1 or lane.failure or not lane.artifacts or lane.referenced_files or lane.font_folders:
        return None
    if lane.cut is not None:
        return None
    # One log could not be divided among the processes.
    if any(isinstance(step, FfmpegStep) and step.keeps_log for step in lane.steps):
        return None
    if not _can_share(commands[0]):
        return None
    return tuple(
        (*(token for o in group.options if o.name not in WORKER_OPTIONS for token in o.tokens()), "-i", group.url)
        for group in commands[0].line.inputs
    )


def _can_share(read: ReadCommand) -> bool:
    groups = read.line.groups
    return (
        all(reference.kind in {InputKind.SOURCE, InputKind.GENERATED} for reference in read.inputs)
        and not any(output.is_raw for output in read.outputs)
        and not any(option.name not in WORKER_OPTIONS for option in read.line.trailing)
        and not any(option.name in _PROGRAM_OPTIONS for option in read.line.options())
        # With an output before an input, the options between them could belong to either.
        and all(group.is_input for group in groups[: len(read.inputs)])
    )


def _fuse(reads: Sequence[ReadCommand], files: LocalFiles, limits: CommandLimits | None) -> FfmpegStep:
    outputs = tuple(group for read in reads for group in read.line.outputs)
    fused = ReadCommand(
        CommandLine((*reads[0].line.inputs, *outputs)),
        reads[0].inputs,
        tuple(output for read in reads for output in read.outputs),
    )
    (step,) = plan_chain(Chain((fused,)), files, limits).steps
    if not isinstance(step, FfmpegStep):
        raise TypeError("a command line is planned as an ffmpeg step")
    return step
