"""Plans `multi_process`: one lane for each process, and shared decoding where outputs stay the same."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.errors import InvalidJob, SourceError, UnsupportedFeature, WorkerError
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.commands.share_recordings import share_recordings
from ffmpeg_worker.planning.fusion import plan_fusions
from ffmpeg_worker.planning.hardware.explicit_hardware import check_hardware_available, needs_gpu
from ffmpeg_worker.planning.hardware.missing_card import check_card_is_not_needed
from ffmpeg_worker.planning.option_policy.command_limits import make_limits
from ffmpeg_worker.planning.plan import Lane, Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.planners.plan_process import plan_process
from ffmpeg_worker.planning.planners.read_process import ReadProcess, read_process
from ffmpeg_worker.planning.required_inputs import merge_required_inputs


class MultiProcessPlanner(Planner[MultiProcessJob]):
    """Plans every process on its own; one that lacks an input fails alone."""

    def read(self, job: MultiProcessJob, machine: Machine) -> ReadJob[MultiProcessJob]:
        """Errors have `where.process`."""
        processes = _read_processes(job, machine)
        inputs = {name: source for read in processes for name, source in read.inputs.items()}
        notes = (note for read in processes for note in read.notes)
        presets = {number: read.preset for number, read in enumerate(processes) if read.preset is not None}
        return ReadJob(
            job.model_copy(update={"inputs": inputs, "notes": tuple(dict.fromkeys((*job.notes, *notes)))}),
            merge_required_inputs(inputs, (required for read in processes for required in read.required)),
            tuple(read.chain for read in processes),
            presets,
            wants_gpu=any(needs_gpu(process, _hardware(job, process)) for process in job.data.processes),
            needs_media=bool(presets) or any(process.smart_cut for process in job.data.processes),
        )

    def check_machine(self, read: ReadJob[MultiProcessJob], machine: Machine) -> None:
        for index, (chain, process) in enumerate(zip(read.chains, read.job.data.processes, strict=True)):
            try:
                check_hardware_available(process, _hardware(read.job, process), machine.gpu)
                if not machine.has_card:
                    check_card_is_not_needed(chain)
            except WorkerError as error:
                raise error.at(process=index) from None

    def plan(self, read: ReadJob[MultiProcessJob], files: LocalFiles, machine: Machine) -> Plan:
        lanes: list[Lane] = []
        chains: list[Chain] = []
        owners: dict[str, int] = {}
        for index, process in enumerate(read.job.data.processes):
            try:
                as_run, lane = _plan_or_fail(read, index, files, machine, _hardware(read.job, process))
            except WorkerError as error:
                raise error.at(process=index) from None
            _claim_names(lane, index, owners)
            chains.append(as_run)
            lanes.append(lane)
        fuse = read.job.data.fuse
        return Plan(
            share_recordings(lanes), plan_fusions(chains, lanes, files, make_limits(machine)) if fuse else ()
        )


def _hardware(job: MultiProcessJob, process: ProcessData) -> str:
    return process.hardware or job.data.hardware or "off"


def _read_processes(job: MultiProcessJob, machine: Machine) -> list[ReadProcess]:
    found: list[ReadProcess] = []
    for index, process in enumerate(job.data.processes):
        try:
            found.append(read_process(process, job.inputs, machine, f"processes[{index}]"))
        except WorkerError as error:
            raise error.at(process=index) from None
    return found


def _plan_or_fail(
    read: ReadJob[Any], index: int, files: LocalFiles, machine: Machine, hardware: str
) -> tuple[Chain, Lane]:
    """The commands as they will run, and their lane; without its input a lane has a `failure` instead of steps."""
    try:
        is_cut = read.job.data.processes[index].smart_cut
        return plan_process(read, index, files, machine, hardware, is_cut=is_cut)
    except (SourceError, UnsupportedFeature) as error:
        return read.chains[index], Lane((), failure=error)
    except InvalidJob as error:
        if index not in read.presets:
            raise
        # What a parameter of a preset means shows with the input; the other processes do not depend on it.
        return read.chains[index], Lane((), failure=error)


def _claim_names(lane: Lane, index: int, owners: dict[str, int]) -> None:
    """Note whose outputs have which names.

    Raises:
        InvalidJob: an earlier process writes an output of the same name.
    """
    for artifact in lane.artifacts:
        if artifact.is_optional:
            continue
        if artifact.name in owners:
            raise InvalidJob(
                f'Two outputs have the name "{artifact.name[:128]}": '
                f"of process {owners[artifact.name]} and of process {index}.",
                code="duplicate_output",
                hint="Give each output a name of its own.",
                where={"process": index, "output": artifact.name[:128]},
            )
        owners[artifact.name] = index
