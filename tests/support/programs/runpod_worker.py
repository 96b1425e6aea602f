"""The RunPod worker as a process, started as RunPod starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from support.servers.fake_runpod import FakeRunpod

_HANDLER = Path(__file__).parents[3] / "runpod" / "handler.py"


@asynccontextmanager
async def running_runpod_worker(
    folder: Path, platform: FakeRunpod, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a worker in `folder`, with `more` in its environment; it writes `worker.log` and `worker.out`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNPOD_", "FFMPEG_"))}
    own = {"HOME": folder, "FS_PATH": folder / "data", "FFMPEG_WORKER_SCRATCH_ROOT": folder / "scratch"}
    folder.mkdir(exist_ok=True)
    with (folder / "worker.out").open("wb") as output, (folder / "worker.log").open("wb") as log:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            _HANDLER,
            env={**kept, **{name: str(path) for name, path in own.items()}, **platform.environment(), **more},
            cwd=folder,
            stdout=output,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()
