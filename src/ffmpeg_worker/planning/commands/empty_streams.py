"""Warns of streams that a command maps, and of which an output holds no packet."""

from __future__ import annotations

from collections import Counter

from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream

_DROPS_EMPTY_STREAMS = "mov"
"""MP4 and MOV have no place for a stream without packets."""
_MIN_LENGTH_S = 1.0
"""Half a KiB may be all of a shorter stream."""
_KINDS = {"video": "picture", "audio": "sound", "subtitle": "subtitles"}


def warn_of_empty_streams(
    name: str, written: WrittenOutput, found: MediaInfo, *, is_damaged: bool = False
) -> list[str]:
    """A sentence for each kind of stream that an output lacks in part or completely.

    `found` are the facts of the finished file; `is_damaged` tells whether FFmpeg reported a damaged input.
    """
    warnings = []
    for kind, noun in _KINDS.items():
        mapped = [stream for stream in written.streams if stream.kind == kind]
        empty = _count_empty(kind, mapped, written, found)
        if empty:
            what = (
                f"no {noun}" if empty == len(mapped) else f"nothing in {empty} of its {len(mapped)} {kind} streams"
            )
            warnings.append(
                f'The output "{name}" has {what}, although the command maps it: {_advise(mapped, is_damaged)}'
            )
    return warnings


def _count_empty(kind: str, mapped: list[WrittenStream], written: WrittenOutput, found: MediaInfo) -> int:
    if found.format == _DROPS_EMPTY_STREAMS:
        kept = Counter(stream.kind for stream in found.streams)[kind]
        return max(len(mapped) - kept, 0)
    without_frames = sum(stream.has_no_frames for stream in mapped)
    stated = sum(stream.kind == kind and stream.duration_s == 0.0 for stream in found.streams)
    is_tiny = kind in written.tiny_kinds and kind != "subtitle" and (found.duration_s or 0.0) >= _MIN_LENGTH_S
    return max(without_frames, min(stated, len(mapped)), len(mapped) if is_tiny else 0)


def _advise(mapped: list[WrittenStream], is_damaged: bool) -> str:
    if is_damaged:
        return "the input is damaged."
    if all(stream.is_copy for stream in mapped) and mapped[0].kind == "video":
        return "a copy begins at a key frame, and there is none in this range. Put -ss before -i, or encode."
    return "nothing of it lies in the part that -ss, -t and the filters select."
