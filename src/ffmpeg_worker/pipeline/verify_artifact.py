"""The verification of one output: its files exist, are plain, open as media, and are as long as promised."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.errors import OutputRejected, SourceError
from ffmpeg_worker.job.media import MediaInfo, read_media
from ffmpeg_worker.pipeline.check_outputs import check_length, check_streams, rejected
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.output_files import final_name, find_files
from ffmpeg_worker.pipeline.playlist_files import PlaylistFiles
from ffmpeg_worker.pipeline.quota import Quota, size_of
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.commands.promised_lengths import is_surely_long_enough
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.sandbox.beneath import is_plain_file, open_beneath

_NOTHING_SELECTED = "Check that the command selects frames: -ss within the input, -map, -frames, filters."
ExpectAll = Callable[[], Awaitable[Expectations]]


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
class ArtifactCheck:
    """The verification of one artifact; adds to `warnings`.

    Attributes:
        linked: files that the worker itself holds under a second name.
        expect_all: looks at the media of the inputs; see `verify`.
    """

    context: JobContext
    artifact: Artifact
    executed: Executed
    expected: Expectations
    linked: Collection[Path]
    warnings: list[str]
    playlist: PlaylistFiles | None = None
    expect_all: ExpectAll | None = None

    async def run(self) -> list[VerifiedFile]:
        """Check the files of the artifact; they belong to the worker afterwards.

        Raises:
            OutputRejected: see `verify`.
        """
        artifact, folder = self.artifact, self.executed.folder
        names = find_files(artifact, folder)
        if not names and artifact.is_optional:
            return []
        if not names:
            raise rejected(
                artifact,
                "FFmpeg ended without error but wrote no {}.",
                code="output_missing",
                hint='Check that the last command writes the name given as "output", '
                "and that it selects any frames.",
            )
        names = names if self.playlist is None else list(self.playlist.names)
        sizes = {name: self._size(name) for name in names}
        self._check_not_empty(sizes)
        media = await self._open(names[0])
        if media is not None and media.streams:
            expected = await self._expect(media)
            self.warnings.extend(check_length(artifact, media, self.executed, expected))
            self.warnings.extend(check_streams(artifact, media, self.executed, expected))
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

    async def _expect(self, media: MediaInfo) -> Expectations:
        """Expectations that suffice to judge an output with these media facts."""
        at_most_s = self.expected.at_most_s
        if at_most_s is None or self.expect_all is None or is_surely_long_enough(media, at_most_s):
            return self.expected
        return await self.expect_all()

    async def _open(self, name: str) -> MediaInfo | None:
        """Media facts of a file; `None` for one that is not media, or that the probe cannot read."""
        is_playable = self.playlist is None or self.playlist.is_playable
        if not self.artifact.is_media or self.artifact.is_side or not is_playable:
            return None
        try:
            path = self.executed.folder / name
            is_own_playlist = self.playlist is not None
            probes = self.context.probes
            media = read_media(await probes.describe(path, is_own_playlist=is_own_playlist, is_brief=True))
        except SourceError as error:
            if error.code == "source_incomplete":
                raise rejected(
                    self.artifact,
                    "The output {} begins as a media file, but the part that describes it is missing.",
                    code="output_unreadable",
                    hint="Choose a container that fits the codecs, or see stderr.",
                    stderr=error.stderr,
                ) from None
            reason = "crashed or took too long" if error.code == "source_crashes_probe" else "cannot read it"
            self.warnings.append(f'The output "{self.artifact.name}" was not checked: the probe {reason}.')
            return None
        if not media.streams and self.artifact.name in self.expected.written:
            self.warnings.append(f'The output "{self.artifact.name}" was not checked: the probe finds no stream.')
        elif not media.streams:
            raise rejected(
                self.artifact,
                "The output {} holds no picture and no sound.",
                code="output_without_streams",
                hint=_NOTHING_SELECTED,
            )
        return media

    def _check_not_empty(self, sizes: Mapping[str, int]) -> None:
        """Refuse an output of which every file is empty; warn of empty files among others."""
        empty = [] if self.artifact.is_side else [name for name, size in sizes.items() if size == 0]
        if empty and len(empty) == len(sizes):
            raise rejected(
                self.artifact, "The output {} is empty (0 bytes).", code="output_empty", hint=_NOTHING_SELECTED
            )
        if empty:
            count = f"{len(empty)} of the {len(sizes)} files"
            self.warnings.append(f'Of the output "{self.artifact.name}", {count} are empty (0 bytes).')

    def _size(self, name: str) -> int:
        """Bytes of a file, which must be regular, the job's own, and not too large."""
        try:
            with open_beneath(self.executed.folder, name) as descriptor:
                status = os.fstat(descriptor)
        except OSError:
            raise self._not_regular() from None
        if not is_plain_file(status, self.context.workspace.jail.owner, link_count=self._names(name)):
            raise self._not_regular()
        if not self.artifact.is_copy and size_of(status) > self._quota.max_file_bytes:
            raise rejected(
                self.artifact,
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
        return rejected(self.artifact, "The output {} is not a regular file.", code="output_not_regular")
