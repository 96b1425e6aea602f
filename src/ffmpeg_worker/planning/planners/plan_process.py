"""Plans one process of a job: its commands, or those that its preset makes for the media of the inputs."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.hardware.plan_on_gpu import plan_for_machine
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.presets.plan_preset import plan_preset


def plan_process(
    read: ReadJob[Any], number: int, files: LocalFiles, machine: Machine, hardware: str
) -> tuple[Chain, Lane]:
    """Plan process `number`; returns the commands as they will run, and their lane.

    Raises:
        WorkerError: see `plan_for_machine` and `plan_preset`.
    """
    call = read.presets.get(number)
    if call is None:
        return plan_for_machine(read.chains[number], files, machine, hardware)
    planned = plan_preset(call, read.job.inputs, files, machine)
    as_run, lane = plan_for_machine(planned.chain, files, machine, hardware)
    return as_run, planned.complete(lane)
