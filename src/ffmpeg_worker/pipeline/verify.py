"""Stage four: exit code 0 is not success. What was promised must be there, open, and be long enough."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ffmpeg_worker.errors import Fault, OutputRejected, SourceError
from ffmpeg_worker.ffmpeg.probing import ProbeSession
from ffmpeg_worker.job.media import MediaInfo, read_media
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.fetch import keys_named
from ffmpeg_worker.planning.plan import STAGING_FOLDER, Artifact, ArtifactKind
from ffmpeg_worker.sandbox.beneath import is_plain_file, open_beneath
from ffmpeg_worker.sandbox.jail import Jail

_COMPANION_SUFFIXES = frozenset(
    ".ts .m4s .mp4 .m4a .m4v .aac .ac3 .mp3 .vtt .webvtt .m3u8 .key .webm .mpd".split()
)
_NOTHING_SELECTED = "Check that the command selects frames: -ss within the input, -map, -frames, filters."
_CODES = re.compile(r"(%%|%\d*[A-Za-z])")
_MAX_SHORT_S = 0.3
_MAX_SHORT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """One file that may be delivered: its final name, where it lies now, bytes, and what it holds."""

    name: str
    path: Path
    size: int
    media: MediaInfo | None


@dataclass(frozen=True, slots=True)
class Produced:
    """A lane whose outputs have been verified; only `verify` makes it, only it can be delivered."""

    executed: Executed
    files: tuple[VerifiedFile, ...]


async def verify(executed: Executed, probes: ProbeSession, jail: Jail) -> Produced:
    """Check every artifact of a lane; its files are the worker's afterwards.

    Raises:
        OutputRejected: missing, empty, not regular, unreadable, without streams, or shorter than promised.
    """
    files: list[VerifiedFile] = []
    for artifact in executed.lane.artifacts:
        files += await _verify_artifact(artifact, executed, probes, jail)
    return Produced(executed, tuple(files))


async def _verify_artifact(
    artifact: Artifact, executed: Executed, probes: ProbeSession, jail: Jail
) -> list[VerifiedFile]:
    names = _matching(artifact, executed.folder)
    if not names:
        raise _rejected(
            artifact,
            f'FFmpeg ended without error but wrote no "{artifact.name}".',
            code="output_missing",
            hint='Check that the last command writes the name given as "output", and that it selects any frames.',
        )
    sizes = {name: _size(artifact, executed.folder, name, jail) for name in names}
    media = await _open(artifact, executed.folder / names[0], probes)
    if media is not None:
        _check_length(artifact, media)
    if artifact.kind is ArtifactKind.PLAYLIST:
        lane = executed.lane
        taken = {*names, *(a.work_name for a in lane.artifacts)} | lane.intermediates | lane.mentions
        taken |= {*keys_named(lane.key_infos, executed.folder)}
        for name in _companions(executed.folder, taken):
            sizes[name] = _size(artifact, executed.folder, name, jail)
    for name in sizes:
        _claim(artifact, executed.folder, name, jail)
    return [
        VerifiedFile(
            _final_name(artifact, name),
            executed.folder / name,
            size,
            media if name == names[0] else None,
        )
        for name, size in sizes.items()
    ]


def _matching(artifact: Artifact, folder: Path) -> list[str]:
    """Names below `folder` that an artifact stands for, in order."""
    if (folder / artifact.work_name).is_symlink() or (folder / artifact.work_name).exists():
        return [artifact.work_name]
    if artifact.kind is ArtifactKind.FILE:
        return []
    pattern = re.compile("".join(_expression(part) for part in _CODES.split(artifact.work_name)))
    return sorted((name for name in _files(folder) if pattern.fullmatch(name)), key=_natural)


def _expression(part: str) -> str:
    """What a piece of an output name stands for: a number, a percent sign, a variant or a date, or itself."""
    if not _CODES.fullmatch(part):
        return re.escape(part)
    return "%" if part == "%%" else r"\d+" if part.endswith("d") else "[^/]+"


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _files(folder: Path) -> Iterable[str]:
    """Every file below a folder, but for the staged inputs, relative to it."""
    for root, folders, names in os.walk(folder):
        if STAGING_FOLDER in folders:
            folders.remove(STAGING_FOLDER)
        for name in names:
            yield str(PurePosixPath((Path(root) / name).relative_to(folder)))


def _companions(folder: Path, taken: set[str]) -> list[str]:
    """Segments, keys and media playlists that a manifest refers to: whatever media was written beside it."""
    return sorted(
        (
            name
            for name in _files(folder)
            if name not in taken and PurePosixPath(name).suffix.lower() in _COMPANION_SUFFIXES
        ),
        key=_natural,
    )


def _final_name(artifact: Artifact, name: str) -> str:
    """A companion goes where its playlist goes."""
    if name == artifact.work_name:
        return artifact.name
    if artifact.name == artifact.work_name:
        return name
    return str(PurePosixPath(artifact.name).parent / name)


def _size(artifact: Artifact, folder: Path, name: str, jail: Jail) -> int:
    """Bytes of a file that nothing is wrong with on the outside."""
    try:
        with open_beneath(folder, name) as descriptor:
            status = os.fstat(descriptor)
    except OSError:
        raise _not_regular(artifact) from None
    if not is_plain_file(status, jail.owner):
        raise _not_regular(artifact)
    if status.st_size == 0:
        raise _rejected(
            artifact,
            f'The output "{artifact.name}" is empty (0 bytes).',
            code="output_empty",
            hint=_NOTHING_SELECTED,
        )
    return status.st_size


def _claim(artifact: Artifact, folder: Path, name: str, jail: Jail) -> None:
    try:
        jail.claim(folder, name)
    except OSError:
        raise _not_regular(artifact) from None


def _not_regular(artifact: Artifact) -> OutputRejected:
    return _rejected(artifact, f'The output "{artifact.name}" is not a regular file.', code="output_not_regular")


async def _open(artifact: Artifact, path: Path, probes: ProbeSession) -> MediaInfo | None:
    if not artifact.is_media:
        return None
    try:
        media = read_media(await probes.describe(path))
    except SourceError as error:
        raise _rejected(
            artifact,
            f'The output "{artifact.name}" cannot be opened as media.',
            code="output_unreadable",
            hint="Choose a container that fits the codecs, or see stderr.",
            stderr=error.stderr,
        ) from None
    if not media.streams:
        raise _rejected(
            artifact,
            f'The output "{artifact.name}" holds no picture and no sound.',
            code="output_without_streams",
            hint=_NOTHING_SELECTED,
        )
    return media


def _check_length(artifact: Artifact, media: MediaInfo) -> None:
    promised, found = artifact.promised_s, media.duration_s
    if promised is None or found is None or not media.has_length:
        return
    if found < promised - max(_MAX_SHORT_S, promised * _MAX_SHORT_SHARE):
        raise _rejected(
            artifact,
            f'The output "{artifact.name}" is {found:.2f} s long, but its input promised {promised:.2f} s.',
            code="output_too_short",
            fault=Fault.SOURCE,
            hint="The input is probably cut or damaged: send it again. To take what is there, "
            "say how long with -t.",
        )


def _rejected(
    artifact: Artifact,
    message: str,
    *,
    code: str,
    hint: str | None = None,
    fault: Fault = Fault.CALLER,
    stderr: str | None = None,
) -> OutputRejected:
    return OutputRejected(
        message, code=code, hint=hint, fault=fault, where={"output": artifact.name[:128]}, stderr=stderr
    )


def warnings_of(problems: Sequence[str]) -> tuple[str, ...]:
    """What ffmpeg complained about although it went on, for the caller."""
    return tuple(f"FFmpeg reported: {problem}" for problem in problems[:5])
