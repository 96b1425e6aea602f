"""Limits that the worker adds to callers' commands: input options, and a cap on threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.option_policy.formats import MEDIA_DEMUXERS
from ffmpeg_worker.planning.option_policy.program_options import THREAD_OPTIONS

MAX_PIXELS = 1 << 27
"""Pixels of one decoded frame: 16K video, a sphere of 16384x8192, or a photograph of 134 megapixels."""
MAX_STREAMS = 64
_MEDIA = ",".join(sorted(MEDIA_DEMUXERS))
# Formats whose files name other files. An input has one only if its name or `-f` says so.
_REFERENCING_FORMATS = frozenset({"concat", "hls", "dash"})
_REFERENCING_SUFFIXES = {".ffconcat": "concat", ".m3u8": "hls", ".mpd": "dash"}
_MANY_INPUTS = 32
_PROTOCOLS = "file,crypto,data"
_LIMITS = frozenset({"-protocol_whitelist", "-format_whitelist", "-max_pixels", "-max_streams"})


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """Limits for the commands of one worker; `cores` is the most threads that an option may ask for."""

    cores: int

    def input_options(self, kind: InputKind, group: FileGroup, name: str) -> tuple[str, ...]:
        """Options for the file `name` of the job's folder. They follow the caller's options, so that they win."""
        if kind is InputKind.GENERATED:
            return _input_options(_PROTOCOLS, "lavfi")
        given = (group.value_of("f") or "").lower()
        requested = given or _REFERENCING_SUFFIXES.get(PurePosixPath(name).suffix.lower(), "")
        formats = f"{_MEDIA},{requested}" if requested in _REFERENCING_FORMATS else _MEDIA
        return _input_options("file,concat" if kind is InputKind.JOINED else _PROTOCOLS, formats)

    def decoder_options(self, group: FileGroup, inputs: int) -> tuple[str, ...]:
        """Options for one of many inputs: each decoder would start as many threads as there are cores."""
        return ("-threads", "1") if inputs > _MANY_INPUTS and not group.has("threads") else ()

    def limit_threads(self, option: Option) -> Option:
        """The option, with at most as many threads as there are cores."""
        value = option.value or ""
        if option.name in THREAD_OPTIONS and value.isdigit() and int(value) > self.cores:
            return replace(option, value=str(self.cores))
        return option


def make_limits(machine: Machine) -> CommandLimits | None:
    """The limits for jobs on a machine; `None` where the option policy is off."""
    return CommandLimits(machine.cores) if machine.option_policy else None


def media_input_options(machine: Machine) -> tuple[str, ...]:
    """Options for an input whose file names no other file; none where the option policy is off."""
    return _input_options(_PROTOCOLS, _MEDIA) if machine.option_policy else ()


def remove_input_limits(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments of a command that the worker has made, without the limits of its inputs."""
    remaining = iter(arguments)
    for argument in remaining:
        if argument in _LIMITS:
            next(remaining, None)
        else:
            yield argument


def _input_options(protocols: str, formats: str) -> tuple[str, ...]:
    return (
        *("-protocol_whitelist", protocols, "-format_whitelist", formats),
        *("-max_pixels", str(MAX_PIXELS), "-max_streams", str(MAX_STREAMS)),
    )
