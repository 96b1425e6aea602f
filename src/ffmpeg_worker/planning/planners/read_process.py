"""Reads one process: its commands, or the preset that makes them."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain
from ffmpeg_worker.planning.presets.preset_call import PresetCall
from ffmpeg_worker.planning.presets.read_preset import read_preset, require_preset
from ffmpeg_worker.planning.required_inputs import Inputs, RequiredInput, require_chain
from ffmpeg_worker.planning.smart_cut.read_cut import check_cut


@dataclass(frozen=True, slots=True)
class ReadProcess:
    """A process that was read. `inputs` are those of the job, with those that only the process names."""

    chain: Chain
    required: tuple[RequiredInput, ...]
    inputs: Inputs
    preset: PresetCall | None = None
    notes: tuple[str, ...] = ()


def read_process(data: ProcessData, inputs: Inputs, machine: Machine, at: str | None = None) -> ReadProcess:
    """Read a process; `at` is its place in the list of a job.

    Raises:
        ForbiddenOption, InvalidJob, UnsupportedFeature: see `read_chain` and `read_preset`.
    """
    if data.preset is None:
        chain = read_chain(data.chainCmds, data.output, inputs, option_policy=machine.option_policy)
        if data.smart_cut:
            check_cut(chain)
        return ReadProcess(chain, tuple(require_chain(chain, inputs)), inputs)
    read = read_preset(data, inputs, machine, at)
    required = tuple(require_preset(read.call, read.inputs))
    return ReadProcess(Chain((), data.output), required, read.inputs, read.call, read.notes)
