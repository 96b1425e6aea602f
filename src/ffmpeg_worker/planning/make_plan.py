"""The one `match` over the actions: a job and its files become a plan."""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.errors import InvalidJob, SourceError, UnsupportedFeature, WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.actions.download import DownloadJob
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.job.actions.probe import ProbeJob
from ffmpeg_worker.job.actions.process import ProcessData, ProcessJob
from ffmpeg_worker.job.actions.upload import UploadJob
from ffmpeg_worker.job.actions.vmaf import VmafJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import NO_GPU, Gpu
from ffmpeg_worker.planning.commands.chain import ReadCommand, read_chain_files
from ffmpeg_worker.planning.composition.plan_composition import plan_canvas, plan_preview
from ffmpeg_worker.planning.composition.plan_lint import plan_lint
from ffmpeg_worker.planning.fusion import plan_fusions
from ffmpeg_worker.planning.hardware.explicit_hardware import resolve_hardware
from ffmpeg_worker.planning.hardware.plan_on_gpu import plan_on_gpu
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import Lane, Plan, ProbeStep
from ffmpeg_worker.planning.probe_options import read_probe_options
from ffmpeg_worker.planning.transfer import plan_download, plan_upload
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf


def make_plan(  # noqa: PLR0911 - one arm for each action
    job: Job,
    files: LocalFiles,
    *,
    cores: int,
    option_policy: bool = True,
    gpu: Gpu = NO_GPU,
    draws_ass: bool = True,
) -> Plan:
    """Plan a job whose files are there.

    Args:
        job: the job.
        files: its fetched inputs, all that `find_required_inputs` named.
        cores: threads a step may use where it must be told, and the most that a caller may ask for.
        option_policy: whether commands are judged, and their inputs guarded.
        gpu: what the card of this worker can do.
        draws_ass: whether ffmpeg can draw subtitles with their own looks.

    Raises:
        ForbiddenOption: a command holds what it may not.
        InvalidJob: what only shows with the files, such as two processes writing one name.
        UnsupportedFeature: a command must run on the card, and cannot.
    """
    limits = CommandLimits(cores) if option_policy else None
    match job:
        case ProcessJob():
            chain = _read_process(job.data, job.inputs, limits)
            _, lane = plan_on_gpu(chain, job.data.output, files, limits, gpu, resolve_hardware(job, job.data))
            return Plan((lane,))
        case MultiProcessJob():
            return _plan_multi_process(job, files, limits, gpu)
        case ProbeJob():
            key = input_key(job.data.input, job.inputs)
            options = read_probe_options([token for command in job.data.chainCmds or () for token in command])
            shown = display_name(key) if "://" in key else key
            step = ProbeStep(files[key].staged, shown, options)
            return Plan((Lane((step,), summarize=lambda results: dict(results[0].document)),))
        case VmafJob():
            reference = files[input_key(job.data.input1, job.inputs)]
            distorted = files[input_key(job.data.input2, job.inputs)]
            return Plan((plan_vmaf(job.data, reference, distorted, cores=cores, limits=limits),))
        case CanvasJob():
            if job.data.lint:
                return Plan((plan_lint(job.data, job.inputs, files, draws_ass=draws_ass),))
            lane = plan_canvas(job.data, job.inputs, files, cores=cores, limits=limits, draws_ass=draws_ass)
            return Plan((lane,))
        case PreviewJob():
            return Plan((plan_preview(job.data, job.inputs, files, limits, draws_ass=draws_ass),))
        case DownloadJob():
            return Plan((plan_download(job.data, job.inputs, files),))
        case UploadJob():
            return Plan((plan_upload(job.data, job.inputs, files),))
        case _:
            raise TypeError(job.action)


def _read_process(
    data: ProcessData, inputs: Mapping[str, object], limits: CommandLimits | None
) -> tuple[ReadCommand, ...]:
    return read_chain_files(data.chainCmds, data.output, inputs, option_policy=limits is not None)


def _plan_or_failure(
    chain: tuple[ReadCommand, ...],
    process: ProcessData,
    files: LocalFiles,
    limits: CommandLimits | None,
    gpu: Gpu,
    hardware: str,
) -> tuple[tuple[ReadCommand, ...], Lane]:
    """The commands as they will run, and their lane; a process whose input is not there fails on its own."""
    try:
        return plan_on_gpu(chain, process.output, files, limits, gpu, hardware)
    except (SourceError, UnsupportedFeature) as error:
        return chain, Lane((), failure=error)


def _plan_multi_process(job: MultiProcessJob, files: LocalFiles, limits: CommandLimits | None, gpu: Gpu) -> Plan:
    lanes: list[Lane] = []
    chains: list[tuple[ReadCommand, ...]] = []
    owners: dict[str, int] = {}
    for index, process in enumerate(job.data.processes):
        try:
            read = _read_process(process, job.inputs, limits)
            chain, lane = _plan_or_failure(read, process, files, limits, gpu, resolve_hardware(job, process))
            chains.append(chain)
        except WorkerError as error:
            raise error.at(process=index) from None
        for artifact in lane.artifacts:
            if artifact.name in owners:
                raise InvalidJob(
                    f'Two outputs have the name "{artifact.name[:128]}": '
                    f"of process {owners[artifact.name]} and of process {index}.",
                    code="duplicate_output",
                    hint="Give each output a name of its own.",
                    where={"process": index, "output": artifact.name[:128]},
                )
            owners[artifact.name] = index
        lanes.append(lane)
    return Plan(tuple(lanes), plan_fusions(chains, lanes, files, limits) if job.data.fuse else ())
