"""Plans `canvas`: a composition rendered to a video, or checked by lint."""

from __future__ import annotations

from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.composition.plan_composition import plan_canvas
from ffmpeg_worker.planning.composition.plan_lint import plan_lint
from ffmpeg_worker.planning.composition.required_files import require_layer_files
from ffmpeg_worker.planning.option_policy.command_limits import make_limits
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import merge_required_inputs


class CanvasPlanner(Planner[CanvasJob]):
    """Plans a render from the media facts of its files; lint leaves out files that would have to be downloaded."""

    def read(self, job: CanvasJob, machine: Machine) -> ReadJob[CanvasJob]:
        """See `Planner.read`."""
        used = require_layer_files(job.data.compositions, job.inputs)
        return ReadJob(job, merge_required_inputs(job.inputs, used, skip_remote=job.data.lint), needs_media=True)

    def plan(self, read: ReadJob[CanvasJob], files: LocalFiles, machine: Machine) -> Plan:
        """See `Planner.plan`."""
        data, inputs = read.job.data, read.job.inputs
        if data.lint:
            return Plan((plan_lint(data, inputs, files, draws_ass=machine.draws_ass),))
        limits = make_limits(machine)
        lane = plan_canvas(data, inputs, files, cores=machine.cores, limits=limits, draws_ass=machine.draws_ass)
        return Plan((lane,))
