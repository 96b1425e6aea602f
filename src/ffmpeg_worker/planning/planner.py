"""The seam of an action: a planner reads its jobs once, and plans them when their inputs are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.commands.read_chain import Chain
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.presets.preset_call import PresetCall
from ffmpeg_worker.planning.required_inputs import RequiredInput

J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class ReadJob(Generic[J]):
    """A job whose commands were read and judged; `read_job` makes it, once for each job.

    Attributes:
        job: the job itself.
        required_inputs: the files to fetch, each once.
        chains: its commands, one chain for each process; that of a preset is empty until the plan is made.
        presets: the presets of its processes, by the number of the process.
        wants_gpu: whether the plan depends on the GPU of the machine.
        needs_media: whether command lines depend on the media of the inputs, which are then probed first.
        secrets: the values that no result, error or log may show.
        command_secrets: the same of its commands; parts of them may not be shown either.
        body_bytes: size of the request body, where it was large.
        packed: the whole value, pickled, where it is large: `job.data` is then empty here, and only another
            process unpacks it.
    """

    job: J
    required_inputs: tuple[RequiredInput, ...]
    chains: tuple[Chain, ...] = ()
    presets: Mapping[int, PresetCall] = field(default_factory=dict)
    wants_gpu: bool = False
    needs_media: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    command_secrets: tuple[str, ...] = field(default=(), repr=False)
    body_bytes: int = 0
    packed: bytes = field(default=b"", repr=False)


class Planner(ABC, Generic[J]):
    """Plans the jobs of one action; stateless and pure."""

    @abstractmethod
    def read(self, job: J, machine: Machine) -> ReadJob[J]:
        """Read the job's commands and find the files it needs; the GPU of the machine is not known yet.

        Raises:
            ForbiddenOption: a command contains what it may not.
            InvalidJob: with `where`.
        """

    def check_machine(self, read: ReadJob[J], machine: Machine) -> None:
        """Refuse a job that needs hardware which the machine lacks, before anything is fetched.

        Raises:
            UnsupportedFeature: with the code `hardware_unavailable`.
        """

    @abstractmethod
    def plan(self, read: ReadJob[J], files: LocalFiles, machine: Machine) -> Plan:
        """Plan a job whose inputs were fetched.

        Raises:
            InvalidJob: what only shows with the files, such as two processes that write one name.
            UnsupportedFeature: a command must run on the GPU, and cannot.
            WorkerError: why an input that is needed was not fetched.
        """
