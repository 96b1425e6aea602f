"""Resources that all jobs of a worker share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ffmpeg_worker.errors import SourceTooLarge
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.ffmpeg.gpu import GpuTrial
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.ffmpeg.waiting_read_trial import WaitingReadTrial
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.operator_preset import OperatorPreset
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner
from ffmpeg_worker.pipeline.scratch import Scratch
from ffmpeg_worker.storage.resolve_stores import StoreResolver


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """Programs, stores and limits of a worker; opened once, shared by all jobs.

    Attributes:
        gpu: the trial of the GPU, made when a job first asks for it.
        reads: the trial of reads by range, made when a job first has such an input.
        slots: bounds the ffmpegs of the whole worker; owners take them in turn.
        cores: threads that one step may use.
        max_input_bytes: bounds what all downloads of a job may be together.
        option_policy: whether the arguments of commands are judged.
        compute: runs what reads and plans jobs.
        has_card: whether there is a graphics card of any maker.
        operator_presets: presets in the operator's folder.
    """

    tools: Tools
    prober: Prober
    renderer: RendererSpawner
    gpu: GpuTrial
    reads: WaitingReadTrial
    scratch: Scratch
    stores: StoreResolver
    slots: FairSlots
    quota: Quota
    cores: int
    max_input_bytes: int
    option_policy: bool = True
    compute: Compute = field(default_factory=Compute)
    has_card: bool = True
    operator_presets: tuple[OperatorPreset, ...] = ()

    @property
    def machine(self) -> Machine:
        """Facts that planning depends on; the GPU is tried only for jobs that want it."""
        return Machine(
            self.cores,
            self.option_policy,
            draws_ass="ass" in self.tools.capabilities.filters,
            has_card=self.has_card,
            filters=self.tools.capabilities.filters,
            operator_presets=self.operator_presets,
        )

    async def machine_with_gpu(self) -> Machine:
        """The same with what the GPU can do; the first call tries it, which takes a few seconds."""
        return replace(self.machine, gpu=await self.gpu.gpu())

    def check_input_bytes(self, count: int) -> None:
        """Refuse a job whose downloads are too large together.

        Raises:
            SourceTooLarge: `count` bytes are more than the worker accepts.
        """
        if count > self.max_input_bytes:
            raise SourceTooLarge(
                f"The inputs of this job are larger together than the {self.max_input_bytes} bytes "
                "that this worker takes.",
                hint="Send fewer or smaller files; the operator's limit is FFMPEG_WORKER_MAX_JOB_INPUT_BYTES.",
            )
