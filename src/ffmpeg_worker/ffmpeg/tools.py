"""Which ffmpeg and ffprobe this worker runs, and what they can do."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import imageio_ffmpeg

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.capabilities import Capabilities, read_capabilities, usable_encoders
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox
from ffmpeg_worker.sandbox.self_test import Ended
from ffmpeg_worker.tasks import cancel_and_wait

_CANARY = "ffmpeg_worker.sandbox.canary:serve"


@dataclass(frozen=True)
class Tools:
    """The engine of one event loop. `environment` is added to what every child gets, `sandbox` holds them."""

    ffmpeg: Path
    ffprobe: Path | None
    spawner: Spawner
    capabilities: Capabilities
    environment: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox = UNCONFINED

    async def usable_encoders(self, names: Iterable[str]) -> frozenset[str]:
        """Those of `names` that encode a frame on this machine; each is tried once, then remembered."""
        return await usable_encoders(
            self.spawner,
            self.ffmpeg,
            self.capabilities,
            names,
            environment=self.environment,
            confinement=self.sandbox.worker_own(),
        )


@asynccontextmanager
async def open_tools(
    ffmpeg: str | None = None,
    ffprobe: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    sandbox: Sandbox = UNCONFINED,
    scratch: Path | None = None,
) -> AsyncIterator[Tools]:
    """Find the programs, start the spawner, prove the sandbox, read what ffmpeg can do; raises Misconfigured.

    `ffmpeg` and `ffprobe` are as in `find_ffmpeg` and `find_ffprobe`; `scratch` is a folder of the worker's own.
    All children end with the context.
    """
    found, prober = find_ffmpeg(ffmpeg), find_ffprobe(ffprobe)
    extra = dict(environment or {})
    sandbox.admit_programs(found, prober)
    async with Spawner(preload=_CANARY) as spawner:
        # Side by side: each waits for children most of the time. What the sandbox has to say comes first.
        own = sandbox.worker_own()
        reading = asyncio.ensure_future(read_capabilities(spawner, found, environment=extra, confinement=own))
        try:
            await sandbox.prove(scratch or Path(tempfile.gettempdir()), partial(_run_trial, spawner), found)
            capabilities = await reading
        finally:
            await cancel_and_wait(reading)
        yield Tools(found, prober, spawner, capabilities, extra, sandbox)


async def _run_trial(
    spawner: Spawner,
    argv: Sequence[str] | None,
    confinement: Confinement | None,
    *,
    cwd: Path,
    env: dict[str, str],
    timeout_s: float,
) -> Ended:
    run = await run_captured(spawner, argv or (), cwd=cwd, env=env, timeout_s=timeout_s, confinement=confinement)
    return Ended(run.exit.code, run.stdout, run.log.text)


def find_ffmpeg(explicit: str | None) -> Path:
    """The ffmpeg to run: a path, a name on PATH, "system" for the one on PATH, or None for the embedded one.

    Raises Misconfigured.
    """
    if not explicit:
        return _embedded_ffmpeg()
    return _find("FFMPEG_PATH", "ffmpeg" if explicit == "system" else explicit)


def find_ffprobe(explicit: str | None) -> Path | None:
    """The ffprobe to run: a path, a name on PATH, or by default the one on PATH if there is one.

    None for "none" and where there is none. Raises Misconfigured.
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
