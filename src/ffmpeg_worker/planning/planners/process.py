"""Plans `process`: one command or chain, in one lane."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.job.actions.process import ProcessJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.chunks.read_splittable import read_split_request
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.commands.share_recordings import share_recordings
from ffmpeg_worker.planning.hardware.explicit_hardware import check_hardware_available, needs_gpu
from ffmpeg_worker.planning.hardware.missing_card import check_card_is_not_needed
from ffmpeg_worker.planning.hardware.plan_on_gpu import plan_for_machine
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import merge_required_inputs, require_chain


class ProcessPlanner(Planner[ProcessJob]):
    """Plans a chain of commands, on the GPU where the caller asked for that and it can run there."""

    def read(self, job: ProcessJob, machine: Machine) -> ReadJob[ProcessJob]:
        chain = read_chain(job.data.chainCmds, job.data.output, job.inputs, option_policy=machine.option_policy)
        return ReadJob(
            job,
            merge_required_inputs(job.inputs, require_chain(chain, job.inputs)),
            (chain,),
            wants_gpu=needs_gpu(job.data, job.data.hardware or "off"),
        )

    def check_machine(self, read: ReadJob[ProcessJob], machine: Machine) -> None:
        check_hardware_available(read.job.data, read.job.data.hardware or "off", machine.gpu)
        if not machine.has_card:
            check_card_is_not_needed(read.chains[0])

    def plan(self, read: ReadJob[ProcessJob], files: LocalFiles, machine: Machine) -> Plan:
        (chain,) = read.chains
        _, lane = plan_for_machine(chain, files, machine, read.job.data.hardware or "off")
        if read.job.data.parallel:
            split = read_split_request(chain, read.job.data.parallel, read.job.data.hardware or "off")
            lane = replace(lane, split=split)
        return Plan(share_recordings((lane,)))
