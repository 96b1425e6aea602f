"""Files that arrive with a job: in a folder of the request, until the job has ended."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

from ffmpeg_worker.api.form import FormPart
from ffmpeg_worker.api.receive_file import receive_file
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.sources import INPUT_NAME
from ffmpeg_worker.pipeline.scratch import remove_tree
from ffmpeg_worker.storage.errors import source_empty
from ffmpeg_worker.storage.local.draft import Draft
from ffmpeg_worker.storage.local.file_area import FileArea, cannot_write

# Commands give some of these characters a meaning: patterns, placeholders, paths.
_UNSAFE = re.compile(r"[^\w .,+=@()-]|^[.~-]+")
_MAX_FILE_NAME = 100


class RequestFiles:
    """The files of one request.

    Attributes:
        folder: where they are, below a folder for each input.
        names: relative names in the folder, by the name of the input.
        is_handed_over: whether a queued job has them.
    """

    def __init__(self, area: FileArea, *, max_bytes: int) -> None:
        """`area` is the folder, which does not exist yet; `max_bytes` limits each file."""
        self.folder = area.root
        self.names: dict[str, str] = {}
        self._area = area
        self._max_bytes = max_bytes
        self._counted = 0
        self.is_handed_over = False

    async def receive(self, part: FormPart) -> None:
        """Receive the file of a part.

        Raises:
            InvalidJob: the part has the name of no input, or of another one.
            SourceUnreadable: the file is empty.
            DiskFull, KeyLimitReached, FileError, JobCancelled: it cannot be received.
        """
        shown = part.name[:64]
        if not INPUT_NAME.fullmatch(part.name):
            raise InvalidJob(
                f'A file was sent as "{shown}", and no input can have that name.',
                code="invalid_name",
                hint="Name inputs with 1 to 64 letters, digits, _, - and dots: -F in_1=@FILE.",
            )
        if part.name in self.names:
            raise InvalidJob(
                f'Two files were sent as "{shown}".', code="invalid_multipart", hint="Give each a name of its own."
            )
        name = f"{part.name}/{_safe_name(part.filename or '')}"
        path = self.folder / name
        with Draft(self._area, path) as draft:
            await receive_file(part.blocks(), draft, expected=None, max_bytes=self._max_bytes)
            if draft.length == 0:
                raise source_empty(shown)
            self._counted += draft.leave()
        path.chmod(0o644)
        self.names[part.name] = name

    async def move(self, target: Path) -> None:
        """Move all files to another folder, which does not exist yet.

        Raises:
            DiskFull, FileError: they cannot be moved.
        """
        try:
            await asyncio.to_thread(shutil.move, self.folder, target)
        except OSError as error:
            await remove_tree(target)
            raise cannot_write(error) from error
        self.folder = target

    def hand_over(self) -> None:
        """Leave the files to a queued job, as outputs are left to it."""
        for name in self.names.values():
            self._area.usage.mark(self.folder / name, self._area.owner)
        self._area.usage.end_coming(self._area.owner, self._counted, self._counted)
        self.is_handed_over = True

    def take_back(self) -> None:
        """Undo `hand_over`: the job was not queued."""
        self._area.usage.end_coming(self._area.owner, -self._counted, -self._counted)
        self.is_handed_over = False

    async def close(self) -> None:
        """Remove the files, unless they were handed over."""
        if self.is_handed_over:
            return
        await remove_tree(self.folder)
        self._area.usage.end_coming(self._area.owner, self._counted, 0)
        self._counted = 0


def _safe_name(filename: str) -> str:
    """Return the last part of a file name without characters that mean something in commands."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    if not dot:
        stem, suffix = base, ""
    stem = _UNSAFE.sub("_", stem)[:_MAX_FILE_NAME] or "file"
    suffix = _UNSAFE.sub("_", suffix)[:16]
    return f"{stem}.{suffix}" if suffix else stem
