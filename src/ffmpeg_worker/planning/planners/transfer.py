"""Plans `download` and `upload`: files copied from one store to another as they are."""

from __future__ import annotations

from ffmpeg_worker.job.actions.download import DownloadJob
from ffmpeg_worker.job.actions.upload import UploadJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import RequiredInput, merge_required_inputs, require_named
from ffmpeg_worker.planning.transfer import download_name, download_source, plan_download, plan_upload


class DownloadPlanner(Planner[DownloadJob]):
    """Plans the copy of one source."""

    def read(self, job: DownloadJob, machine: Machine) -> ReadJob[DownloadJob]:
        """See `Planner.read`."""
        download_name(job.data, job.inputs)  # raises before anything is fetched
        used = RequiredInput(*download_source(job.data, job.inputs))
        return ReadJob(job, merge_required_inputs(job.inputs, [used]))

    def plan(self, read: ReadJob[DownloadJob], files: LocalFiles, machine: Machine) -> Plan:
        """See `Planner.plan`."""
        return Plan((plan_download(read.job.data, read.job.inputs, files),))


class UploadPlanner(Planner[UploadJob]):
    """Plans the copies of files of the data root."""

    def read(self, job: UploadJob, machine: Machine) -> ReadJob[UploadJob]:
        """See `Planner.read`."""
        used = [require_named(text, job.inputs, is_media=False) for text in job.data.input]
        return ReadJob(job, merge_required_inputs(job.inputs, used))

    def plan(self, read: ReadJob[UploadJob], files: LocalFiles, machine: Machine) -> Plan:
        """See `Planner.plan`."""
        return Plan((plan_upload(read.job.data, read.job.inputs, files),))
