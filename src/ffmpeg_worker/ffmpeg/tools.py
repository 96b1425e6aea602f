"""Which ffmpeg and ffprobe this worker runs, and what they can do."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.capabilities import Capabilities, read_capabilities, usable_encoders
from ffmpeg_worker.ffmpeg.child import Spawner


@dataclass(frozen=True)
class Tools:
    """The engine of one event loop. `environment` is added to what every child gets."""

    ffmpeg: Path
    ffprobe: Path | None
    spawner: Spawner
    capabilities: Capabilities
    environment: Mapping[str, str] = field(default_factory=dict)

    async def usable_encoders(self, names: Iterable[str]) -> frozenset[str]:
        """Those of `names` that encode a frame on this machine; each is tried once, then remembered."""
        return await usable_encoders(
            self.spawner, self.ffmpeg, self.capabilities, names, environment=self.environment
        )


@asynccontextmanager
async def open_tools(
    ffmpeg: str | None = None, ffprobe: str | None = None, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Tools]:
    """Find the programs, start the spawner, read what ffmpeg can do; raises Misconfigured.

    `ffmpeg` and `ffprobe` are as in `find_ffmpeg` and `find_ffprobe`. All children end with the context.
    """
    found, prober = find_ffmpeg(ffmpeg), find_ffprobe(ffprobe)
    extra = dict(environment or {})
    async with Spawner() as spawner:
        capabilities = await read_capabilities(spawner, found, environment=extra)
        yield Tools(found, prober, spawner, capabilities, extra)


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
