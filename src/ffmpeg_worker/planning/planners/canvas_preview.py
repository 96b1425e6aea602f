"""Plans `canvas_preview`: one frame of a composition."""

from __future__ import annotations

from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.composition.plan_composition import plan_preview
from ffmpeg_worker.planning.composition.required_files import require_layer_files
from ffmpeg_worker.planning.option_policy.command_limits import make_limits
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import merge_required_inputs


class PreviewPlanner(Planner[PreviewJob]):
    """Plans a still from the media facts of the composition's files."""

    def read(self, job: PreviewJob, machine: Machine) -> ReadJob[PreviewJob]:
        """See `Planner.read`."""
        used = require_layer_files(job.data.compositions, job.inputs)
        return ReadJob(job, merge_required_inputs(job.inputs, used), needs_media=True)

    def plan(self, read: ReadJob[PreviewJob], files: LocalFiles, machine: Machine) -> Plan:
        """See `Planner.plan`."""
        data, inputs = read.job.data, read.job.inputs
        return Plan((plan_preview(data, inputs, files, make_limits(machine), draws_ass=machine.draws_ass),))
