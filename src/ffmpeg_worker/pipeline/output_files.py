"""Files in a working directory that an output stands for: sequences, and the segments of playlists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from ffmpeg_worker.command.name_patterns import NamePatterns, is_sequence
from ffmpeg_worker.job.file_names import is_hidden
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.fetch.referenced_files import find_key_files
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.commands.read_chain import all_outputs
from ffmpeg_worker.planning.placed_files import BundledFonts, InputLink, TextFile
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep

_NUMBER = re.compile(r"(\d+)")
_PASS_LOG_ENDS = re.compile(r"(?:\.(?:mbtree|cutree|temp))+$")
_PASS_LOG_NUMBER = re.compile(r"-\d{1,9}\.log$")


def find_files(artifact: Artifact, folder: Path) -> list[str]:
    """Names below `folder` that an artifact stands for, in natural order."""
    if (folder / artifact.work_name).is_symlink() or (folder / artifact.work_name).exists():
        return [artifact.work_name]
    if artifact.kind is ArtifactKind.FILE:
        return []
    pattern = NamePatterns()
    pattern.add_output(artifact.work_name)
    return sort_naturally(name for name in list_files(folder) if pattern.match(name))


def sort_naturally(names: Iterable[str]) -> list[str]:
    """Names in the order of the numbers in them."""
    return sorted(names, key=_natural)


def _natural(name: str) -> list[str | int]:
    """A key that sorts by the numbers in a name: every other part of it is one."""
    parts = _NUMBER.split(name)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)]


def list_files(folder: Path) -> Iterator[str]:
    """Every file below a folder except staged inputs and hidden files, relative to the folder."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != STAGING_FOLDER and not is_hidden([name])]
        for name in names:
            if not is_hidden([name]):
                yield str(PurePosixPath((Path(root) / name).relative_to(folder)))


def find_companions(folder: Path, *lanes: Lane) -> list[str]:
    """Files that commands wrote beside their outputs: segments, keys, media playlists.

    Left out are files that the worker put there, and logs that only the second pass of an encoder reads.
    """
    outputs = NamePatterns()
    written = [*list_files(folder)]
    taken: set[str] = set()
    pass_logs = {"ffmpeg2pass", "x264_2pass.log", "x265_2pass.log"}
    for lane in lanes:
        for name in _output_names(lane):
            outputs.add_output(name) if is_sequence(name) or "%v" in name else taken.add(name)
        taken |= lane.key_info_files | {*find_key_files(lane.key_info_files, folder), *find_placed(written, lane)}
        pass_logs |= {*_pass_log_names(lane)}
    return sort_naturally(
        name
        for name in written
        if name not in taken and not outputs.match(name) and not _is_pass_log(name, pass_logs)
    )


def find_placed(names: Iterable[str], lane: Lane) -> Iterator[str]:
    """Those of the names that the worker put into the working directory for the commands."""
    files, folders = set(lane.referenced_files), {f"{folder.rstrip('/')}/" for folder in lane.font_folders}
    for step in lane.steps:
        for item in step.setup if isinstance(step, FfmpegStep) else ():
            match item:
                case TextFile() | InputLink():
                    files.add(item.name)
                case BundledFonts():
                    folders.add(f"{item.folder}/")
    return (name for name in names if name in files or any(name.startswith(folder) for folder in folders))


def _output_names(lane: Lane) -> Iterator[str]:
    """Paths of all outputs of a lane, those that are no result of the job too."""
    yield from (artifact.work_name for artifact in lane.artifacts)
    yield from lane.intermediates
    for read in lane.chain.commands if lane.chain is not None else ():
        yield from (output.work_name for output in all_outputs(read) if output.name is not None)


def _pass_log_names(lane: Lane) -> Iterator[str]:
    """The names that options of the commands give to logs of encoders."""
    for read in lane.chain.commands if lane.chain is not None else ():
        for option in read.line.options():
            if option.name == "passlogfile" and option.value:
                yield option.value
            elif option.name in {"x264-params", "x264opts", "x265-params"}:
                pairs = (pair.partition("=") for pair in (option.value or "").split(":"))
                yield from (value for key, _, value in pairs if key == "stats" and value)


def _is_pass_log(name: str, logs: set[str]) -> bool:
    """Whether a file is one of the logs: `NAME`, `NAME-0.log`, and either with `.mbtree`, `.cutree` or `.temp`."""
    stem = _PASS_LOG_ENDS.sub("", name)
    return stem in logs or _PASS_LOG_NUMBER.sub("", stem) in logs


def final_name(artifact: Artifact, name: str) -> str:
    """The name of a file of an artifact in the result: a companion stays beside its playlist."""
    if name == artifact.work_name:
        return artifact.name
    if artifact.name == artifact.work_name:
        return name
    return str(PurePosixPath(artifact.name).parent / name)
