"""Services without ffmpeg: a function of the test runs the jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never, cast

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.ffmpeg.capabilities import Capabilities
from ffmpeg_worker.ffmpeg.gpu import GpuDevices, GpuTrial
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.ffmpeg.waiting_read_trial import WaitingReadTrial
from ffmpeg_worker.job.actions.process import ProcessResult
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.result_parts import Stats
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.runtime import NO_FILES, JobFiles
from ffmpeg_worker.pipeline.scratch_usage import ScratchUsage
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.sandbox.sandbox import UNCONFINED
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings, read_settings
from ffmpeg_worker.storage.local.file_retention import FileRetention

Run = Callable[[Job, str], Awaitable[JobResult]]

_CAPABILITIES = Capabilities(
    version="9.9",
    encoders={"libx264": "video", "aac": "audio", "h264_nvenc": "video", "hevc_nvenc": "video"},
    decoders={"h264": "video"},
    filters=frozenset({"scale"}),
    muxers=frozenset({"mp4"}),
    demuxers=frozenset({"mov"}),
    hwaccels=frozenset({"cuda"}),
)


class _NoQueue:
    """The access to a queue that is switched off."""

    is_on = False
    opened = None
    runs_jobs = True

    async def get(self) -> Never:
        raise UnsupportedFeature("This worker has no queue.", hint="Switch it on.")


class FakeServices(Services):
    """Services that run jobs by a function of the test, without a GPU."""

    _run_job: Run
    owners: list[str]
    """Whose jobs were run, in order."""

    async def read(self, body: JobBody, *, owner: str = ANONYMOUS) -> ReadJob[Any]:
        return cast(ReadJob[Any], SimpleNamespace(job=body.parse(body.decode())))

    async def run(
        self,
        job: Job | JobBody,
        *,
        job_id: str | None = None,
        observer: Observer = ignore_event,
        owner: str = ANONYMOUS,
        files: JobFiles = NO_FILES,
    ) -> JobResult:
        self.owners.append(owner)
        if isinstance(job, JobBody):
            job = job.parse(job.decode())
        return await self._run_job(job, job_id or "")


async def succeed(job: Job, job_id: str) -> JobResult:
    """A result without files."""
    return ProcessResult(
        job_id=job_id, outputs=(), stats=Stats(seconds=0.1, input_bytes=70, output_bytes=30), metadata=job.metadata
    )


def make_fake_services(run: Run = succeed, **settings: Any) -> FakeServices:
    """Make services that run jobs by `run(job, job_id)`; `settings` are the settings that matter."""
    tools = cast(Tools, SimpleNamespace(capabilities=_CAPABILITIES, sandbox=UNCONFINED))
    resources = SimpleNamespace(
        tools=tools,
        prober=SimpleNamespace(program="pyav"),
        operator_presets=(),
        gpu=GpuTrial(tools, GpuDevices()),
        reads=WaitingReadTrial(tools, Path("/nowhere")),
        scratch=SimpleNamespace(root=Path(tempfile.gettempdir()), usage=ScratchUsage(Path("/"))),
        stores=SimpleNamespace(
            data_usage=SimpleNamespace(bytes_by_owner={}),
            roots_of=lambda _owner: SimpleNamespace(data_root=Path("/nowhere")),
        ),
    )
    services = FakeServices(
        make_settings(**settings),
        cast(WorkerResources, resources),
        Admission(max_concurrency=1, max_waiting_jobs=0),
        cast(QueueAccess, _NoQueue()),
        cast(FileRetention, None),
    )
    services._run_job, services.owners = run, []
    return services


def make_settings(**settings: Any) -> Settings:
    """Settings that do not depend on this machine."""
    given = {"data_root": Path("/nowhere"), "scratch_root": Path("/nowhere"), "version": "1.2.3", **settings}
    return read_settings(**given)
