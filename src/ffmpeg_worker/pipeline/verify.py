"""The verification stage: outputs must exist, open as media, and be as long as the plan promised.

Exit code 0 of ffmpeg does not prove any of that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ffmpeg_worker.budgets import MAX_PRODUCED_NAMES
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.command.manifest import Manifest, read_manifest
from ffmpeg_worker.errors import OutputRejected, SourceError
from ffmpeg_worker.job.media import MediaInfo, read_media
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.leftover_files import describe_leftovers, find_leftovers
from ffmpeg_worker.pipeline.output_files import final_name, find_files
from ffmpeg_worker.pipeline.playlist_files import PlaylistFiles, find_playlist_files
from ffmpeg_worker.pipeline.quota import Quota, size_of
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.sandbox.beneath import is_plain_file, open_beneath

_NOTHING_SELECTED = "Check that the command selects frames: -ss within the input, -map, -frames, filters."
_NOT_DELIVERABLE = "Name them in the command, as files of at most the allowed size and number."
_HOW_TO_GET = 'Add it to "output", or leave "output" out to get every file.'
_MAX_SHORT_S = 0.3
_MAX_SHORT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A file that may be delivered: its final name, its path in the working directory, bytes and media facts.

    One that `is_optional` is left out, with a warning, where the target has no place for it.
    """

    name: str
    work_name: str
    size: int
    media: MediaInfo | None
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedFiles:
    """The files of all outputs of a lane, a playlist before its segments; only `verify` makes it.

    `warnings` are sentences about outputs that are delivered but deserve a look.
    """

    files: tuple[VerifiedFile, ...]
    warnings: tuple[str, ...] = ()


async def verify(
    context: JobContext, executed: Executed, expected: Expectations, *, linked: Collection[Path] = ()
) -> VerifiedFiles:
    """Check the artifacts of a lane; their files belong to the worker afterwards.

    `linked` are files that the worker itself holds under a second name.

    Raises:
        OutputRejected: missing, empty, too large, not regular, unreadable, without streams, or shorter than
            promised.
        JobTooLarge: the job has written more than it may.
    """
    name = f"{executed.name}/verify"
    run = partial(_verify_all, context, executed, expected, linked)
    has_files = context.workspace.has_done(name)
    verified = await context.runtime.step(name, VerifiedFiles, run, is_usable=lambda _: has_files)
    context.workspace.mark_done(name)
    return verified


async def _verify_all(
    context: JobContext, executed: Executed, expected: Expectations, linked: Collection[Path]
) -> VerifiedFiles:
    context.workspace.hand_over(executed.folder)
    files: list[VerifiedFile] = []
    warnings: list[str] = []
    read = partial(_read_manifest, context)
    playlists = await find_playlist_files(executed.lane, executed.folder, read, beside=executed.beside)
    for artifact in executed.lane.artifacts:
        playlist = playlists.get(artifact.work_name)
        warnings += playlist.warnings if playlist is not None else ()
        files += await _Check(context, artifact, executed, expected, linked, playlist).run()
    if executed.lane.chain is not None and not executed.is_fused:
        others = await asyncio.to_thread(_find_others, executed, files)
        if not executed.lane.delivers_all:
            warnings += describe_leftovers(others, _HOW_TO_GET)
        else:
            checks = {name: _Check(context, _unplanned(name), executed, expected, linked) for name in others}
            found, missed = await _verify_others(checks)
            files += found
            warnings += describe_leftovers(missed, _NOT_DELIVERABLE)
    await asyncio.to_thread(context.resources.quota.check_written, context.workspace.root)
    return VerifiedFiles(tuple(files), tuple(warnings))


async def _read_manifest(context: JobContext, text: str) -> Manifest | None:
    compute = context.resources.compute
    return await compute.call(
        len(text), read_manifest, text, deadline=context.runtime.deadline, owner=context.runtime.owner
    )


def _unplanned(name: str) -> Artifact:
    return Artifact(name, name, is_media=False, is_side=True, is_optional=True)


async def _verify_others(checks: Mapping[str, _Check]) -> tuple[list[VerifiedFile], list[str]]:
    """Check files that no output stands for; return those that can be delivered, and the names of the others."""
    found: list[VerifiedFile] = []
    missed: list[str] = []
    for number, (name, check) in enumerate(checks.items()):
        if number >= MAX_PRODUCED_NAMES or not name.isprintable():
            missed.append(name)
            continue
        try:
            found += await check.run()
        except OutputRejected:
            missed.append(name)
    return found, missed


def _find_others(executed: Executed, files: Collection[VerifiedFile]) -> list[str]:
    return find_leftovers(executed.folder, executed.lane, {file.work_name for file in files})


@dataclass(frozen=True, slots=True)
class _Check:
    """The verification of one artifact."""

    context: JobContext
    artifact: Artifact
    executed: Executed
    expected: Expectations
    linked: Collection[Path]
    playlist: PlaylistFiles | None = None

    async def run(self) -> list[VerifiedFile]:
        artifact, folder = self.artifact, self.executed.folder
        names = find_files(artifact, folder)
        if not names and artifact.is_optional:
            return []
        if not names:
            raise self._rejected(
                "FFmpeg ended without error but wrote no {}.",
                code="output_missing",
                hint='Check that the last command writes the name given as "output", '
                "and that it selects any frames.",
            )
        names = names if self.playlist is None else list(self.playlist.names)
        sizes = {name: self._size(name) for name in names}
        media = await self._open(names[0])
        if media is not None:
            self._check_length(media)
        for name in sizes:
            self._claim(name)
        return [
            VerifiedFile(
                final_name(artifact, name),
                name,
                size,
                media if name == names[0] else None,
                artifact.is_optional,
            )
            for name, size in sizes.items()
        ]

    async def _open(self, name: str) -> MediaInfo | None:
        """Media facts of a file; `None` for one that is not media."""
        is_playable = self.playlist is None or self.playlist.is_playable
        if not self.artifact.is_media or self.artifact.is_side or not is_playable:
            return None
        try:
            path = self.executed.folder / name
            media = read_media(await self.context.probes.describe(path, is_own_playlist=self.playlist is not None))
        except SourceError as error:
            if error.code == "source_crashes_probe":
                raise self._rejected(
                    "The output {} could not be checked: the probe crashed or took too long.",
                    code="output_rejected",
                    fault=Fault.WORKER,
                    hint="Try again; if it happens again, choose another container or codec, and report it.",
                ) from None
            raise self._rejected(
                "The output {} cannot be opened as media.",
                code="output_unreadable",
                hint="Choose a container that fits the codecs, or see stderr.",
                stderr=error.stderr,
            ) from None
        if not media.streams:
            raise self._rejected(
                "The output {} holds no picture and no sound.",
                code="output_without_streams",
                hint=_NOTHING_SELECTED,
            )
        return media

    def _check_length(self, media: MediaInfo) -> None:
        found = media.duration_s
        promised = self.artifact.promised_s or self.expected.promised_s.get(self.artifact.name)
        if promised is None or found is None or not media.has_duration:
            return
        if found < promised - max(_MAX_SHORT_S, promised * _MAX_SHORT_SHARE):
            raise self._rejected(
                f"The output {{}} is {found:.2f} s long, but its input promised {promised:.2f} s.",
                code="output_too_short",
                fault=Fault.SOURCE,
                hint="The input is probably cut or damaged: send it again. To take what is there, "
                "say how long with -t.",
            )

    def _size(self, name: str) -> int:
        """Bytes of a file, which must be regular, the job's own, not empty, and not too large."""
        try:
            with open_beneath(self.executed.folder, name) as descriptor:
                status = os.fstat(descriptor)
        except OSError:
            raise self._not_regular() from None
        if not is_plain_file(status, self.context.workspace.jail.owner, link_count=self._names(name)):
            raise self._not_regular()
        if status.st_size == 0 and not self.artifact.is_side:
            raise self._rejected("The output {} is empty (0 bytes).", code="output_empty", hint=_NOTHING_SELECTED)
        if not self.artifact.is_copy and size_of(status) > self._quota.max_file_bytes:
            raise self._rejected(
                f"The output {{}} is larger than the {self._quota.max_file_bytes >> 20} MiB that a file may have.",
                code="output_too_large",
                hint="Write less: a lower bitrate, a smaller frame, a shorter range, or limit the file with -fs.",
            )
        return status.st_size

    @property
    def _quota(self) -> Quota:
        return self.context.resources.quota

    def _claim(self, name: str) -> None:
        try:
            jail = self.context.workspace.jail
            jail.take_ownership(self.executed.folder, name, link_count=self._names(name))
        except OSError:
            raise self._not_regular() from None

    def _names(self, name: str) -> int:
        """The number of hard links of a file: one more while it is being uploaded under a second name."""
        return 2 if self.executed.folder / name in self.linked else 1

    def _not_regular(self) -> OutputRejected:
        return self._rejected("The output {} is not a regular file.", code="output_not_regular")

    def _rejected(
        self,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        fault: Fault = Fault.CALLER,
        stderr: str | None = None,
    ) -> OutputRejected:
        """The error of the output whose name stands for `{}` in the message."""
        name = self.artifact.name
        message = message.format(f'"{name}"')
        return OutputRejected(
            message, code=code, hint=hint, fault=fault, where={"output": name[:128]}, stderr=stderr
        )
