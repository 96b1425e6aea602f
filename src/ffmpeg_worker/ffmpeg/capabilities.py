"""Reads the capabilities of an ffmpeg from its lists, and tries on demand whether encoders work."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ffmpeg_worker.errors import EngineError, EngineKilled, Misconfigured
from ffmpeg_worker.ffmpeg.run_captured import CapturedRun, run_captured
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.tasks import run_all

_LISTS = ("encoders", "decoders", "filters", "formats", "devices", "hwaccels")
# Encoders that accept only frames in the memory of their device.
_UPLOADS = {
    "vaapi": ("-init_hw_device", "vaapi=device:/dev/dri/renderD128", "-filter_hw_device", "device"),
    "vulkan": ("-init_hw_device", "vulkan=device", "-filter_hw_device", "device"),
}


@dataclass(frozen=True)
class Capabilities:
    """Names that ffmpeg lists. `encoders` and `decoders` map a name to "video", "audio", "subtitle" or "data".

    A listed encoder may not work on this machine: see `find_usable_encoders`.
    """

    version: str
    encoders: Mapping[str, str]
    decoders: Mapping[str, str]
    filters: frozenset[str]
    muxers: frozenset[str]
    demuxers: frozenset[str]
    hwaccels: frozenset[str]
    tried_encoders: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> Mapping[str, Collection[str]]:
        """Known names by kind, for `diagnose`."""
        return {
            "encoders": self.encoders,
            "decoders": self.decoders,
            "filters": self.filters,
            "muxers": self.muxers,
            "demuxers": self.demuxers,
        }


@dataclass(frozen=True)
class WorkerFfmpeg:
    """Runs ffmpeg for the worker itself, in the folder for temporary files."""

    spawner: Spawner
    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    confinement: Confinement | None = None
    timeout_s: float = 30.0

    async def run(self, arguments: Sequence[str]) -> CapturedRun:
        """Run it to its end; errors are those of `run_captured`."""
        return await run_captured(
            self.spawner,
            [str(self.path), *arguments],
            cwd=Path(tempfile.gettempdir()),
            env=make_child_environment(self.environment),
            timeout_s=self.timeout_s,
            confinement=self.confinement,
        )

    async def attempt(self, arguments: Sequence[str]) -> CapturedRun | None:
        """Run it to its end; None if it cannot be started or does not end in time."""
        try:
            return await self.run(arguments)
        except EngineError:
            return None


async def read_capabilities(ffmpeg: WorkerFfmpeg) -> Capabilities:
    """Read the lists of ffmpeg and check that it encodes a frame.

    Raises:
        Misconfigured: it does not run or does not encode.
        EngineKilled: it was killed from outside, twice.
    """
    commands = [*((f"-{name}",) for name in _LISTS), _trial("mpeg4", "video")]
    try:
        runs = await run_all(map(ffmpeg.run, commands))
    except EngineKilled:
        raise
    except EngineError as error:
        raise Misconfigured(f"{ffmpeg.path} does not run.", detail=repr(error)) from None
    for run in runs:
        if run.exit.code != 0:
            raise Misconfigured(f"{ffmpeg.path} does not work.", detail=run.log.last(10))
    texts = (run.stdout.decode(errors="replace") for run in runs[:-1])
    return parse_capabilities(runs[0].log.text, dict(zip(_LISTS, texts, strict=True)))


async def find_usable_encoders(
    ffmpeg: WorkerFfmpeg, capabilities: Capabilities, names: Iterable[str]
) -> frozenset[str]:
    """Return those of `names` that encode a frame on this machine; each is tried once, then remembered."""
    wanted = [name for name in dict.fromkeys(names) if name in capabilities.encoders]
    untried = [name for name in wanted if name not in capabilities.tried_encoders]
    for name in untried:  # one after the other: a GPU has few sessions
        try:
            run = await ffmpeg.run(_trial(name, capabilities.encoders[name]))
        except EngineKilled:  # which says nothing about the encoder: it is tried again next time
            continue
        except EngineError:
            capabilities.tried_encoders[name] = False
        else:
            capabilities.tried_encoders[name] = run.exit.code == 0
    return frozenset(name for name in wanted if capabilities.tried_encoders.get(name))


def parse_capabilities(banner: str, lists: Mapping[str, str]) -> Capabilities:
    """Parse the banner and the output of each list option (FFmpeg 5.1 to 9)."""
    first = banner.partition("\n")[0].strip()
    named = re.match(r"ffmpeg version (\S+)", first)
    return Capabilities(
        version=named[1] if named else first,
        encoders=_codecs(lists["encoders"]),
        decoders=_codecs(lists["decoders"]),
        filters=frozenset(re.findall(r"^ [A-Z.]{2,3} (\S+) +\S+->\S+", lists["filters"], re.MULTILINE)),
        muxers=_formats(lists["formats"], "E") - _formats(lists["devices"], "E"),
        demuxers=_formats(lists["formats"], "D") - _formats(lists["devices"], "D"),
        hwaccels=frozenset(line.strip() for line in lists["hwaccels"].splitlines()[1:] if line.strip()),
    )


def _codecs(text: str) -> dict[str, str]:
    kinds = {"V": "video", "A": "audio", "S": "subtitle"}
    found = re.findall(r"^ ([VASD])[A-Z.]{5} ([^\s=]\S*)", text, re.MULTILINE)
    return {name: kinds.get(kind, "data") for kind, name in found}


def _formats(text: str, flag: str) -> frozenset[str]:
    rows = re.findall(r"^ ([D ][E ])[d ]? +([^\s=]\S*)", text, re.MULTILINE)
    return frozenset(name for flags, names in rows if flag in flags for name in names.split(","))


def _trial(encoder: str, kind: str) -> tuple[str, ...]:
    """Return the arguments that encode one frame, or a short sound, and discard it."""
    quiet = ("-hide_banner", "-nostdin", "-loglevel", "error")
    sink = ("-strict", "experimental", "-f", "null", "-")
    if kind == "audio":
        source = ("-f", "lavfi", "-i", "anullsrc=duration=0.1")
        return (*quiet, *source, "-c:a", encoder, *sink)
    device = next((options for name, options in _UPLOADS.items() if encoder.endswith(f"_{name}")), ())
    upload = ("-vf", "format=nv12,hwupload") if device else ()
    source = ("-f", "lavfi", "-i", "color=size=256x256:rate=25:duration=0.04")
    return (*quiet, *device, *source, *upload, "-frames:v", "1", "-c:v", encoder, *sink)
