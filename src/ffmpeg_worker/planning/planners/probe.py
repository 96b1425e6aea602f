"""Plans `probe`: one step that reads media information."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ffmpeg_worker.job.actions.probe import ProbeJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.plan import Lane, Plan, ProbeStep, StepFiles, StepResult, Summary
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.probe_options import read_probe_options
from ffmpeg_worker.planning.required_inputs import merge_required_inputs, require_named


class ProbePlanner(Planner[ProbeJob]):
    """Plans the probe of one file."""

    def read(self, job: ProbeJob, machine: Machine) -> ReadJob[ProbeJob]:
        """See `Planner.read`."""
        used = require_named(job.data.input, job.inputs, is_media=False)
        return ReadJob(job, merge_required_inputs(job.inputs, [used]))

    def plan(self, read: ReadJob[ProbeJob], files: LocalFiles, machine: Machine) -> Plan:
        """See `Planner.plan`."""
        job = read.job
        key = input_key(job.data.input, job.inputs)
        options = read_probe_options([token for command in job.data.chainCmds or () for token in command])
        step = ProbeStep(files[key].staged, display_name(key) if "://" in key else key, options)
        return Plan((Lane((step,), summary=Summary(_summarize, (step.result_file,))),))


def _summarize(_results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
    (content,) = files.values()
    document: dict[str, Any] = json.loads(content)
    return document
