"""Lengths to expect from a lane: estimates for progress, and promises that verification enforces.

Command lines do not depend on them, so a lane can start while the media of its inputs are still being probed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ffmpeg_worker.command.command_line import FileGroup
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.artifact import ArtifactKind
from ffmpeg_worker.planning.commands.durations import estimate_duration, promise_durations
from ffmpeg_worker.planning.file_references import InputKind, InputReference, OutputReference
from ffmpeg_worker.planning.plan import Lane


@dataclass(frozen=True, slots=True)
class Expectations:
    """Lengths in seconds: an estimate for each command, and the least length of each output, by its name."""

    command_s: tuple[float | None, ...] = ()
    promised_s: Mapping[str, float] = field(default_factory=dict)

    def estimate(self, command: int) -> float | None:
        """The estimated length of what a command writes."""
        return self.command_s[command] if command < len(self.command_s) else None


def expect(lane: Lane, media: Mapping[str, MediaInfo]) -> Expectations:
    """Derive the lengths of a lane's outputs from the media of its inputs, by the inputs' keys.

    A lane without a chain of the caller's expects nothing here: its plan was made from the media and has the
    lengths in its steps and artifacts.
    """
    estimates: dict[str, float | None] = {}
    promises: dict[str, float | None] = {}
    command_s: list[float | None] = []
    for read in lane.chain.commands if lane.chain is not None else ():
        estimated = [_find_media(reference, media, estimates) for reference in read.inputs]
        promised = [_find_media(reference, media, promises) for reference in read.inputs]
        length = estimate_duration(read.line, estimated)
        command_s.append(length)
        least = promise_durations(read.line, promised)
        for group, output, promise in zip(read.line.outputs, read.outputs, least, strict=True):
            if output.name is None:
                continue
            estimates[output.name] = length
            if _shows_whole_length(output, group):
                promises[output.name] = promise
    known = {name: seconds for name, seconds in promises.items() if seconds is not None}
    return Expectations(tuple(command_s), known)


def _find_media(
    reference: InputReference, media: Mapping[str, MediaInfo], lengths: Mapping[str, float | None]
) -> MediaInfo | None:
    """Media facts of an input; of an earlier output only its length is known."""
    if reference.kind is InputKind.SOURCE:
        return media.get(reference.keys[0])
    if reference.kind is InputKind.EARLIER_OUTPUT:
        seconds = lengths.get(reference.keys[0])
        if seconds is not None:
            return MediaInfo("", (StreamInfo("video", duration_s=seconds),), seconds)
    return None


def _shows_whole_length(output: OutputReference, group: FileGroup) -> bool:
    """Whether opening one file tells the length of the output: not for segments and sliding playlists."""
    if output.kind is ArtifactKind.PLAYLIST:
        return group.value_of("hls_list_size") == "0" or group.has("hls_playlist_type")
    return output.kind is ArtifactKind.FILE
