"""Files that a staged text names: lists for the concat demuxer, and information files of HLS keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from ffmpeg_worker.command import concat_list
from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob, WorkerError
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.pipeline.fetch.named_inputs import NamedInputs
from ffmpeg_worker.pipeline.fetch.read_texts import read_key_info, read_list
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.planning.produced_names import ProducedNames
from ffmpeg_worker.planning.read_by_range import MAX_FILES, may_read_by_range
from ffmpeg_worker.planning.required_inputs import RequiredInput

FOLDER_SCHEMES = frozenset({None, "file"})
"""Schemes of files of this machine."""

Locate = Callable[[str], FileSource]


class ListedFiles:
    """Stages the files that texts name, and writes the texts with their staged names."""

    def __init__(
        self,
        staging: Path,
        named: NamedInputs,
        compute: Callable[..., Awaitable[Any]],
        by_range: InputsByRange | None,
    ) -> None:
        """`compute` returns the result of a function. `by_range`: see `Fetcher`."""
        self._staging = staging
        self._named = named
        self._compute = compute
        self._by_range = by_range

    async def fill_list(self, source: Path, staged: str, required: RequiredInput, locate: Locate) -> bool:
        """Stage every file that the concat list `source` names, and write the list under its staged name.

        Returns:
            Whether some of the files were opened instead of downloaded: as many as one command may read by range.
        """
        text = await asyncio.to_thread(read_list, source)
        may_wait = required.by_range and not concat_list.has_options(text)
        produced = ProducedNames(required.produced)
        is_own_text = isinstance(required.source, TextSource)
        names: dict[str, str] = {}
        opened: list[str] = []
        for entry in await self._compute(len(text), concat_list.read_entries, text):
            if produced.include(entry.name):
                names[entry.name] = f"../{entry.name}"
            elif entry.name not in names:
                by_range = may_wait and len(opened) < MAX_FILES
                file = await self._stage(entry, required, locate, is_own_text=is_own_text, by_range=by_range)
                names[entry.name] = file.staged
                if by_range and file.by_range:
                    opened.append(file.staged)
        renamed = await self._compute(len(text), concat_list.rename_entries, text, names)
        target = self._staging / staged
        await asyncio.to_thread(target.write_text, renamed, encoding="utf-8", errors="surrogateescape")
        if self._by_range is not None and opened:
            self._by_range.add_list(staged, renamed, opened)
        return bool(opened)

    async def fill_key_info(self, source: Path, staged: str, required: RequiredInput, locate: Locate) -> Path:
        """Stage the key that the second line of an information file names, and write the staged name into it.

        The name is that of an input, or is read as an entry of a list is.
        """
        lines = (await asyncio.to_thread(read_key_info, source)).splitlines()
        entry = lines[1].strip() if len(lines) > 1 else ""
        if entry:
            key_file = await self._stage(concat_list.ListEntry(entry, 2), required, locate, is_own_text=True)
            lines[1] = f"{STAGING_FOLDER}/{key_file.staged}"
        text = "\n".join(lines) + "\n"
        target = self._staging / staged
        await asyncio.to_thread(target.write_text, text, encoding="utf-8", errors="surrogateescape")
        return target

    async def _stage(
        self,
        entry: concat_list.ListEntry,
        required: RequiredInput,
        locate: Locate,
        *,
        is_own_text: bool,
        by_range: bool = False,
    ) -> LocalFile:
        """Stage the input of the job or else the file that a text names; with `by_range` it may only be opened."""
        named = self._named.find(entry.name, is_own_text=is_own_text)
        if named is not None:
            return await self._named.fetch_for(required, named, by_range=by_range)
        problem = concat_list.describe_problem(entry.name)
        if problem is not None:
            raise InvalidJob(
                f"Line {entry.line} of the list {problem}.",
                code="invalid_name",
                hint="Write one line per file, encoded as UTF-8: file 'name.mp4'.",
                where={"line": entry.line},
            )
        source = locate(entry.name)
        try:
            return await self._named.fetch(
                RequiredInput(entry.name, source, by_range=by_range and may_read_by_range(source))
            )
        except WorkerError as error:
            raise error.copy().at(line=entry.line) from None


def find_beside(source: FileSource, folder: Path) -> Locate:
    """A function that locates what a text names: relative to the text, which lies in `folder` or on a server."""
    return partial(_beside_file, folder) if source.scheme in FOLDER_SCHEMES else partial(_beside_url, source)


def _beside_file(folder: Path, entry: str) -> FileSource:
    return FileSource(url=entry if "://" in entry else str(folder / entry))


def _beside_url(source: FileSource, entry: str) -> FileSource:
    """Locate an entry of a list from a server: servers only, and credentials only for the same server."""
    try:
        located = FileSource(url=urljoin(source.url, entry))
        is_same = urlsplit(located.url)[:2] == urlsplit(source.url)[:2]
    except ValueError:
        located, is_same = FileSource(url=entry), False
    if located.scheme in FOLDER_SCHEMES:
        raise AddressNotAllowed(
            "A list that was fetched from a server names a file of this machine.",
            hint="Send the list in the job itself, or name URLs in it.",
        )
    if not is_same:
        return located
    return located.model_copy(update={"headers": source.headers, "credentials": source.credentials})
