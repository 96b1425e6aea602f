"""Plans one process of a job: its commands, or those that its preset makes for the media of the inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.hardware.plan_on_gpu import plan_for_machine
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.presets.plan_preset import plan_preset
from ffmpeg_worker.planning.smart_cut.read_cut import check_cut, read_cut_request
from ffmpeg_worker.planning.smart_cut.whole_encode import encode_whole


def plan_process(
    read: ReadJob[Any], number: int, files: LocalFiles, machine: Machine, hardware: str, *, is_cut: bool = False
) -> tuple[Chain, Lane]:
    """Plan process `number`; returns the commands as they will run, and their lane.

    `is_cut` says that the frames of a part are to be copied (`smart_cut`).

    Raises:
        WorkerError: see `plan_for_machine` and `plan_preset`.
    """
    call = read.presets.get(number)
    if call is None:
        if not is_cut:
            return plan_for_machine(read.chains[number], files, machine, hardware)
        return _plan_cut(read.chains[number], files, machine, hardware)
    planned = plan_preset(call, read.job.inputs, files, machine)
    if is_cut or planned.made.smart_cut:
        check_cut(planned.chain)
        as_run, lane = _plan_cut(planned.chain, files, machine, hardware)
    else:
        as_run, lane = plan_for_machine(planned.chain, files, machine, hardware)
    return as_run, planned.complete(lane)


def _plan_cut(chain: Chain, files: LocalFiles, machine: Machine, hardware: str) -> tuple[Chain, Lane]:
    """Plan a smart cut; the lane itself encodes the whole part, for sources whose frames cannot be copied."""
    request = read_cut_request(chain, hardware)
    file = files.by_key.get(chain.commands[0].inputs[0].keys[0])
    whole = encode_whole(chain, file.media if file is not None else None)
    as_run, lane = plan_for_machine(whole, files, machine, hardware)
    return as_run, replace(lane, cut=request)
