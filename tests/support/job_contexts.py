"""Contexts of jobs for unit tests of the pipeline: a real workspace; doubles for probes, stores and programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.job.lifecycle import JobEvent, ignore_event
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.source import LocalSource
from ffmpeg_worker.storage.remote_target import RemoteTarget
from ffmpeg_worker.storage.stores import SourceStore, Stores
from support.servers.memory_storage import MemoryStorage

VIDEO = {
    "format": {"format_name": "mov,mp4", "duration": "10.0"},
    "streams": [
        {
            "codec_type": "video",
            "codec_name": "h264",
            "width": 64,
            "height": 36,
            "duration": "10.0",
            "nb_frames": "250",
        }
    ],
}


@dataclass(frozen=True)
class FakeTools:
    """The part of `Tools` that the pipeline reads."""

    sandbox: Sandbox = UNCONFINED
    environment: Mapping[str, str] = field(default_factory=dict)


class FakeProbes:
    """Answers probes by file name with documents of ffprobe, or raises; counts what was asked."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any] | WorkerError] | None = None) -> None:
        self.documents = dict(documents or {})
        self.asked: list[str] = []
        self.prepared: list[list[str]] = []
        self.begun: list[str] = []
        self.options: list[Mapping[str, bool]] = []

    async def describe(self, path: Path, **options: Any) -> Mapping[str, Any]:
        self.asked.append(path.name)
        self.options.append(options)
        document = self.documents.get(path.name, VIDEO)
        if isinstance(document, WorkerError):
            raise document
        return document

    def prepare(self, names: Collection[str]) -> None:
        self.prepared.append([*names])

    def begin(self, path: Path) -> None:
        self.begun.append(path.name)

    def needs_whole_file(self, _options: Sequence[str]) -> bool:
        return False

    async def probe(self, path: Path, options: Sequence[str] = (), _file: object = None) -> dict[str, Any]:
        return {**await self.describe(path), "options": list(options)}


class FakeJob:
    """A job with everything that the stages of the pipeline touch."""

    def __init__(
        self,
        root: Path,
        job: dict[str, Any] | None = None,
        *,
        probes: Mapping[str, Mapping[str, Any] | WorkerError] | None = None,
        upload: Upload | None = None,
        timeout_s: float = 10.0,
        slots: int = 2,
        machine: Machine | None = None,
        is_watched: bool = True,
        records_steps: bool = False,
    ) -> None:
        self.data = root / "data"
        self.data.mkdir(exist_ok=True)
        self.bucket = MemoryStorage()
        self.probes = FakeProbes(probes)
        self.events: list[JobEvent] = []
        folder = root / "scratch"
        folder.mkdir()
        workspace = Workspace(folder, Jail(folder, None, cores=2))
        local = LocalSource(LocalRoots(self.data, ()))
        sources = cast(dict[str | None, SourceStore], {None: local, "file": local, "memory": self.bucket})
        resources = SimpleNamespace(
            tools=FakeTools(),
            slots=FairSlots(slots),
            quota=Quota(1 << 30, 10_000, 0),
            cores=2,
            compute=Compute(),
            check_input_bytes=lambda _count: None,
        )
        runtime = DirectRuntime(
            cast(WorkerResources, resources), "job-7", timeout_s=timeout_s, observer=self.events.append
        )
        runtime.records_steps = records_steps
        machine = machine or Machine(cores=2)
        read = read_job(parse_job(job or {"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4"}}), machine)
        self.context = JobContext(
            runtime,
            read,
            machine,
            upload,
            Stores(sources, RemoteTarget(self.bucket)),
            workspace,
            InputsByRange(workspace),
            cast(ProbeSession, self.probes),
            JobProgress(self.events.append if is_watched else ignore_event),
            began=0.0,
        )

    def limit(self, **limits: int) -> None:
        """Change limits of the job's quota."""
        resources = cast(SimpleNamespace, self.context.resources)
        resources.quota = replace(resources.quota, **limits)

    def lane(self, name: str = "lane-0", **files: bytes) -> Path:
        """Make the working directory of a lane with these files; a double underscore stands for a dot."""
        folder = self.context.workspace.lane(name)
        for key, content in files.items():
            (folder / key.replace("__", ".")).write_bytes(content)
        return folder
