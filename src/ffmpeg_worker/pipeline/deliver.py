"""Stage five: verified files go where the caller wants them, all of a lane or none."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath

from ffmpeg_worker.job.result import OutputFile
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.verify import Produced
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.storage.storage import Target

# What the standard table lacks or what differs between machines.
_CONTENT_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ass": "text/x-ssa",
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lane whose files are in their place; only `deliver` makes it."""

    executed: Executed
    outputs: tuple[OutputFile, ...]


def check_targets(lane: Lane, target: Target) -> None:
    """Refuse outputs that could not be delivered, before any work is done.

    Raises:
        TargetError: with `where.output`.
    """
    for artifact in lane.artifacts:
        target.check(artifact.name)


async def deliver(produced: Produced, target: Target) -> Delivered:
    """Put a lane's files in their place.

    Raises:
        TargetError: nothing was left behind.
    """
    places = await target.put({file.name: file.path for file in produced.files}) if produced.files else {}
    outputs = tuple(
        OutputFile(
            name=file.name,
            path=str(places[file.name]),
            url=None,
            size=file.size,
            content_type=content_type(file.name),
            media=file.media.summary() if file.media else None,
        )
        for file in produced.files
    )
    return Delivered(produced.executed, outputs)


def content_type(name: str) -> str:
    """Media type by a file's name."""
    suffix = PurePosixPath(name).suffix.lower()
    return _CONTENT_TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"
