"""A worker in this process: the services, without HTTP, on a new data root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg import tools
from ffmpeg_worker.ffmpeg.capabilities import Capabilities, WorkerFfmpeg, read_capabilities
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings
from support.find_paths import find_paths

# Beside the jobs' folders: the lock, and what is there when the scratch folder is the root of the jobs.
_NO_JOBS = {".lock", "kept", "dev", "etc", "lib", "lib64", "usr", "var"}


@dataclass
class Worker:
    """Runs jobs given as JSON."""

    services: Services
    data: Path
    scratch: Path
    events: list[JobEvent] = field(default_factory=list)

    async def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run a job; returns its result as JSON. `events` are those of this job."""
        self.events.clear()
        result = await self.services.run(parse_job(job), observer=self.events.append)
        return result.as_json()

    async def process(self, commands: Any, output: Any = None, **common: Any) -> dict[str, Any]:
        """Run a `process` job."""
        data = {"chainCmds": commands} | ({} if output is None else {"output": output})
        return await self.run({"action": "process", "data": data, **common})

    async def fail(self, job: dict[str, Any]) -> WorkerError:
        """Run a job that must fail and leave no directory; returns its error."""
        error = await self.fail_while_others_run(job)
        assert self.leftovers() == []
        return error

    async def fail_while_others_run(self, job: dict[str, Any]) -> WorkerError:
        """Run a job that must fail; returns its error."""
        try:
            result = await self.run(job)
        except WorkerError as error:
            return error
        raise AssertionError(f"the job did not fail: {result}")

    def leftovers(self) -> list[Path]:
        """Directories of jobs that are still in the scratch folder."""
        return _left(self.scratch)


def _left(scratch: Path) -> list[Path]:
    return [path for path in find_paths(scratch, "worker-*/*") if path.name not in _NO_JOBS]


_capabilities: list[Capabilities] = []


async def _read_once(ffmpeg: WorkerFfmpeg) -> Capabilities:
    """What the first worker of this process read from the embedded FFmpeg, which takes eight runs."""
    if ffmpeg.path != tools.find_ffmpeg(None):
        return await read_capabilities(ffmpeg)
    if not _capabilities:
        _capabilities.append(await read_capabilities(ffmpeg))
    return replace(_capabilities[0], tried_encoders={})


@asynccontextmanager
async def open_worker(root: Path, **settings: Any) -> AsyncIterator[Worker]:
    """Open a worker below `root`; settings as fields of `Settings`."""
    data, scratch = root / "data", root / "scratch"
    chosen = Settings(data_root=data, scratch_root=scratch, **{"max_concurrency": 2, **settings})
    async with AsyncExitStack() as stack:
        module: Any = tools
        module.read_capabilities = _read_once
        try:
            services = await stack.enter_async_context(open_services(chosen))
        finally:  # workers may open at once: not what was there before, but the real one
            module.read_capabilities = read_capabilities
        yield Worker(services, data, scratch)
        assert _left(scratch) == []
