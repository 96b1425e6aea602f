"""Finds the ffmpeg and ffprobe of this worker and opens them with their spawner and sandbox."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import imageio_ffmpeg

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.capabilities import (
    Capabilities,
    WorkerFfmpeg,
    find_usable_encoders,
    read_capabilities,
)
from ffmpeg_worker.ffmpeg.self_test import PRELOAD, find_holes
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox
from ffmpeg_worker.tasks import cancel_and_wait


@dataclass(frozen=True)
class Tools:
    """The programs of one event loop, and what is needed to run them.

    `environment` is added to the environment of every child; `sandbox` confines them.
    """

    ffmpeg: Path
    ffprobe: Path | None
    spawner: Spawner
    capabilities: Capabilities
    environment: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox = UNCONFINED

    @property
    def worker_ffmpeg(self) -> WorkerFfmpeg:
        """The ffmpeg for runs of the worker itself."""
        return WorkerFfmpeg(self.spawner, self.ffmpeg, self.environment, self.sandbox.for_worker())

    async def find_usable_encoders(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of `names` that encode a frame on this machine; each is tried once, then remembered."""
        return await find_usable_encoders(self.worker_ffmpeg, self.capabilities, names)


@asynccontextmanager
async def open_tools(
    ffmpeg: str | None = None,
    ffprobe: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    sandbox: Sandbox = UNCONFINED,
    scratch: Path | None = None,
) -> AsyncIterator[Tools]:
    """Find the programs, start the spawner, test the sandbox and read the capabilities of ffmpeg.

    All children end with the context.

    Args:
        ffmpeg: see `find_ffmpeg`.
        ffprobe: see `find_ffprobe`.
        environment: variables for every child.
        sandbox: confines the children.
        scratch: a folder of the worker for the test of the sandbox.

    Raises:
        Misconfigured: a program is missing or does not work, or the sandbox does not confine.
        EngineKilled: a program that the worker starts first was killed from outside, twice.
    """
    found, prober = find_ffmpeg(ffmpeg), find_ffprobe(ffprobe)
    extra = dict(environment or {})
    sandbox.allow_programs(found, prober)
    async with Spawner(preload=PRELOAD) as spawner:
        # Concurrently, as both mostly wait for children. An error of the sandbox is raised first.
        reading = asyncio.ensure_future(
            read_capabilities(WorkerFfmpeg(spawner, found, extra, sandbox.for_worker()))
        )
        try:
            await sandbox.verify(scratch or Path(tempfile.gettempdir()), partial(find_holes, spawner, found))
            capabilities = await reading
        finally:
            await cancel_and_wait(reading)
        yield Tools(found, prober, spawner, capabilities, extra, sandbox)


def find_ffmpeg(explicit: str | None) -> Path:
    """Find the ffmpeg to run: a path, a name on PATH, "system" for the one on PATH, or None for the embedded one.

    Raises:
        Misconfigured: there is no such program.
    """
    if not explicit:
        return _embedded_ffmpeg()
    return _find("FFMPEG_PATH", "ffmpeg" if explicit == "system" else explicit)


def find_ffprobe(explicit: str | None) -> Path | None:
    """Find the ffprobe to run: a path, a name on PATH, or by default the one on PATH.

    None for "none" and if there is no ffprobe.

    Raises:
        Misconfigured: the named program does not exist.
    """
    if explicit == "none":
        return None
    if explicit and explicit != "system":
        return _find("FFPROBE_PATH", explicit)
    found = shutil.which("ffprobe")
    return None if found is None else Path(found).absolute()


def _find(variable: str, name: str) -> Path:
    found = shutil.which(name)
    if found is not None:
        return Path(found).absolute()
    if Path(name).is_file() and not os.access(name, os.X_OK):
        raise Misconfigured(f"{variable}: {name} is not executable.", hint=f"chmod +x {name}")
    raise Misconfigured(
        f"{variable}: there is no program {name}.",
        hint="Give an absolute path or a name on PATH, or leave it out to use the embedded one.",
    )


def _embedded_ffmpeg() -> Path:
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute()
    except RuntimeError as error:
        raise Misconfigured(
            "There is no embedded ffmpeg for this platform.",
            hint="Install ffmpeg and set FFMPEG_PATH=system.",
            detail=str(error),
        ) from error
