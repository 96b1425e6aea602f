"""Plans `vmaf`: one comparison of two videos."""

from __future__ import annotations

from ffmpeg_worker.job.actions.vmaf import VmafJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import merge_required_inputs, require_named
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf


class VmafPlanner(Planner[VmafJob]):
    """Plans a comparison from the media facts of both videos."""

    def read(self, job: VmafJob, machine: Machine) -> ReadJob[VmafJob]:
        used = [
            require_named(text, job.inputs, is_media=True, by_range=True)
            for text in (job.data.input1, job.data.input2)
        ]
        return ReadJob(job, merge_required_inputs(job.inputs, used), needs_media=True)

    def plan(self, read: ReadJob[VmafJob], files: LocalFiles, machine: Machine) -> Plan:
        data = read.job.data
        reference = files[input_key(data.input1, read.job.inputs)]
        distorted = files[input_key(data.input2, read.job.inputs)]
        return Plan((plan_vmaf(data, reference, distorted, machine),))
