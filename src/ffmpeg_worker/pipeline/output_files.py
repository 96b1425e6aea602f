"""Files in a working directory that an output stands for: sequences, and the segments of playlists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ffmpeg_worker.command.name_patterns import NamePatterns
from ffmpeg_worker.job.file_names import is_hidden
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.fetch.referenced_files import find_key_files
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane

_COMPANION_SUFFIXES = frozenset(
    ".ts .m4s .mp4 .m4a .m4v .aac .ac3 .mp3 .vtt .webvtt .m3u8 .key .webm .mpd".split()
)
_NUMBER = re.compile(r"(\d+)")


def find_files(artifact: Artifact, folder: Path) -> list[str]:
    """Names below `folder` that an artifact stands for, in natural order."""
    if (folder / artifact.work_name).is_symlink() or (folder / artifact.work_name).exists():
        return [artifact.work_name]
    if artifact.kind is ArtifactKind.FILE:
        return []
    pattern = NamePatterns()
    pattern.add_output(artifact.work_name)
    return sorted((name for name in _files(folder) if pattern.match(name)), key=_natural)


def _natural(name: str) -> list[str | int]:
    """A key that sorts by the numbers in a name: every other part of it is one."""
    parts = _NUMBER.split(name)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)]


def _files(folder: Path) -> Iterable[str]:
    """Every file below a folder except staged inputs and hidden files, relative to the folder."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != STAGING_FOLDER and not is_hidden([name])]
        for name in names:
            if not is_hidden([name]):
                yield str(PurePosixPath((Path(root) / name).relative_to(folder)))


def find_companions(folder: Path, lane: Lane) -> list[str]:
    """Segments, keys and media playlists of a manifest: all media files that were written beside it."""
    taken = {artifact.work_name for artifact in lane.artifacts} | lane.intermediates | lane.referenced_files
    taken |= {*find_key_files(lane.key_info_files, folder)}
    return sorted(
        (
            name
            for name in _files(folder)
            if name not in taken and PurePosixPath(name).suffix.lower() in _COMPANION_SUFFIXES
        ),
        key=_natural,
    )


def final_name(artifact: Artifact, name: str) -> str:
    """The name of a file of an artifact in the result: a companion stays beside its playlist."""
    if name == artifact.work_name:
        return artifact.name
    if artifact.name == artifact.work_name:
        return name
    return str(PurePosixPath(artifact.name).parent / name)
