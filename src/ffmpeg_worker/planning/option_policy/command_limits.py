"""Options that the worker puts in front of every input, and the limit on threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.option_policy.formats import MEDIA_DEMUXERS
from ffmpeg_worker.planning.option_policy.program_options import THREAD_OPTIONS

MAX_PIXELS = 1 << 27
"""Of one decoded picture: 16K video, a sphere of 16384x8192, or a photograph of 134 megapixels."""
MAX_STREAMS = 64
_MEDIA = ",".join(sorted(MEDIA_DEMUXERS))
# Their files lead to other files: an input is one only if it says so.
_LEADING_FORMATS = frozenset({"concat", "hls", "dash"})
_LEADING_SUFFIXES = {".ffconcat": "concat", ".m3u8": "hls", ".mpd": "dash"}
_PROTOCOLS = "file,crypto,data"


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """What commands get that callers do not write; `cores` is the most threads that they may ask for."""

    cores: int

    def input_options(self, kind: InputKind, group: FileGroup, name: str) -> tuple[str, ...]:
        """Options right before the `-i` of an input, after the caller's, so that these hold.

        Args:
            kind: where its bytes come from.
            group: the caller's options for it.
            name: under which it lies in the job's directory.
        """
        if kind is InputKind.GENERATED:
            return self._options(_PROTOCOLS, "lavfi")
        told = (group.value_of("f") or "").lower() or _LEADING_SUFFIXES.get(PurePosixPath(name).suffix.lower(), "")
        formats = f"{_MEDIA},{told}" if told in _LEADING_FORMATS else _MEDIA
        return self._options("file,concat" if kind is InputKind.JOINED else _PROTOCOLS, formats)

    def media_options(self) -> tuple[str, ...]:
        """Options for an input that names no other file."""
        return self._options(_PROTOCOLS, _MEDIA)

    def limit_threads(self, option: Option) -> Option:
        """An option that asks for more threads than there are cores asks for as many as there are."""
        value = option.value or ""
        if option.name in THREAD_OPTIONS and value.isdigit() and int(value) > self.cores:
            return replace(option, value=str(self.cores))
        return option

    def _options(self, protocols: str, formats: str) -> tuple[str, ...]:
        return (
            *("-protocol_whitelist", protocols, "-format_whitelist", formats),
            *("-max_pixels", str(MAX_PIXELS), "-max_streams", str(MAX_STREAMS)),
        )
