"""Plans `process`: one command or chain, in one lane."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.job.actions.process import ProcessJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.chunks.read_splittable import read_split_request
from ffmpeg_worker.planning.commands.share_recordings import share_recordings
from ffmpeg_worker.planning.hardware.explicit_hardware import check_hardware_available, needs_gpu
from ffmpeg_worker.planning.hardware.missing_card import check_card_is_not_needed
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.planners.plan_process import plan_process
from ffmpeg_worker.planning.planners.read_process import read_process
from ffmpeg_worker.planning.required_inputs import merge_required_inputs


class ProcessPlanner(Planner[ProcessJob]):
    """Plans a chain of commands, on the GPU where the caller asked for that and it can run there."""

    def read(self, job: ProcessJob, machine: Machine) -> ReadJob[ProcessJob]:
        read = read_process(job.data, job.inputs, machine)
        return ReadJob(
            job.model_copy(update={"inputs": read.inputs, "notes": (*job.notes, *read.notes)}),
            merge_required_inputs(read.inputs, read.required),
            (read.chain,),
            {} if read.preset is None else {0: read.preset},
            wants_gpu=needs_gpu(job.data, job.data.hardware or "off"),
            needs_media=read.preset is not None or job.data.smart_cut,
        )

    def check_machine(self, read: ReadJob[ProcessJob], machine: Machine) -> None:
        check_hardware_available(read.job.data, read.job.data.hardware or "off", machine.gpu)
        if not machine.has_card:
            check_card_is_not_needed(read.chains[0])

    def plan(self, read: ReadJob[ProcessJob], files: LocalFiles, machine: Machine) -> Plan:
        hardware = read.job.data.hardware or "off"
        chain, lane = plan_process(read, 0, files, machine, hardware, is_cut=read.job.data.smart_cut)
        if read.job.data.parallel:
            lane = replace(lane, split=read_split_request(chain, read.job.data.parallel, hardware))
        return Plan(share_recordings((lane,)))
