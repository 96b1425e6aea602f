"""Files that commands have written and that no output stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from ffmpeg_worker.command.name_patterns import NamePatterns
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.pipeline.fetch.referenced_files import find_key_files
from ffmpeg_worker.pipeline.output_files import find_placed, list_files
from ffmpeg_worker.planning.plan import Lane

_SEGMENT_SUFFIXES = frozenset(".ts .m4s .mp4 .m4a .m4v .aac .ac3 .mp3 .vtt .webvtt .m3u8 .key .webm .mpd".split())
_PLAYLIST_SUFFIXES = frozenset({".m3u8", ".mpd"})
_MAX_NAMED = 5
_MAX_NAME_CHARS = 4096


def find_leftovers(folder: Path, lane: Lane, taken: Collection[str]) -> list[str]:
    """Names of files below the working directory of a chain that are neither results nor passed on, in order.

    `taken` are the files of its outputs.
    """
    written = [*list_files(folder)]
    known = {*taken, *find_key_files(lane.key_info_files, folder), *find_placed(written, lane)}
    passing = NamePatterns()
    for name in (*lane.passing_files, *(lane.intermediates if lane.delivers_all else ())):
        if "*" in name:
            passing.add_wildcards(name)
        else:
            passing.add_output(name)
    hidden = _SEGMENT_SUFFIXES if _passes_playlist(lane) else frozenset()
    return sorted(
        name
        for name in written
        if name not in known
        and len(name) <= _MAX_NAME_CHARS
        and not passing.match(name)
        and PurePosixPath(name).suffix.lower() not in hidden
    )


def describe_leftovers(names: Collection[str], how: str) -> Iterator[str]:
    """A warning that names files that are not in the result, and tells how to get them."""
    if names:
        shown = ", ".join(f'"{display_name(name)}"' for name in sorted(names)[:_MAX_NAMED])
        more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
        yield f"The job also wrote {shown}{more}, which the result does not contain. {how}"


def _passes_playlist(lane: Lane) -> bool:
    """Whether a later command reads a playlist, whose segments are then no results."""
    return any(PurePosixPath(name).suffix.lower() in _PLAYLIST_SUFFIXES for name in lane.passing_files)
