"""Makes each input of a job a file in its staging folder."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

from ffmpeg_worker.budgets import MAX_LIST_BYTES
from ffmpeg_worker.command import concat_list
from ffmpeg_worker.command.name_patterns import is_sequence
from ffmpeg_worker.errors import (
    AddressNotAllowed,
    InvalidJob,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreadable,
    WorkerError,
)
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.job.tone import TONE_FILE, is_tone, make_tone
from ffmpeg_worker.pipeline.fetch.named_inputs import NamedInputs
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.produced_names import ProducedNames
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel, in_turns

_MAX_PARALLEL = 8
_FOLDER_SCHEMES = {None, "file"}
_MANIFEST_SUFFIXES = {".m3u8", ".mpd"}
_MAX_KEY_INFO_BYTES = 4096


class Fetcher:
    """Fetches for one job; sources with the same URL, headers and credentials are fetched once."""

    def __init__(
        self,
        workspace: Workspace,
        stores: Stores,
        open_meter: Callable[[], TransferMeter],
        compute: Callable[..., Awaitable[Any]],
        inputs: Iterable[RequiredInput] = (),
    ) -> None:
        """`compute` returns the result of a function: see `Compute.call`. Texts may name the job's `inputs`."""
        self._compute = compute
        self._named = NamedInputs(inputs, self._fetch_new)
        self._workspace = workspace
        self._stores = stores
        self._open_meter = open_meter
        self._slots = asyncio.Semaphore(_MAX_PARALLEL)
        self._fetched: dict[tuple[object, ...], asyncio.Task[Path]] = {}

    @property
    def tasks(self) -> tuple[asyncio.Future[Any], ...]:
        """Tasks that have begun. Several callers may await the same download or input, so its owner stops it."""
        return (*self._named.tasks, *self._fetched.values())

    async def fetch(self, required: RequiredInput) -> LocalFile:
        """Fetch one input, once.

        Raises:
            WorkerError: with `where.input`.
        """
        return await self._named.fetch(required)

    async def _fetch_new(self, required: RequiredInput) -> LocalFile:
        try:
            if isinstance(required.source, TextSource):
                return await self._write_text(required, required.source)
            if is_tone(required.source.url):
                return await self._write_tone(required, required.source.url)
            if required.source.scheme in _FOLDER_SCHEMES and (
                is_sequence(required.source.url) or "*" in required.source.url
            ):
                return await self._stage_sequence(required, required.source)
            return await self._stage(required, required.source)
        except WorkerError as error:
            raise error.copy().at(input=display_name(required.key), field=required.field) from None

    async def _write_text(self, required: RequiredInput, source: TextSource) -> LocalFile:
        text = source.content
        if required.names_inputs and not required.is_list:
            text = await self._named.fill(required, text)
        content = text.encode()
        staged = self._workspace.reserve(source.name)
        path = self._workspace.staging / staged
        await finish_then_cancel(asyncio.to_thread(path.write_bytes, content))
        if required.is_list:
            await self._fill_list(path, path, required, lambda entry: FileSource(url=entry))
        elif required.is_key_info:
            await self._fill_key_info(path, path, required, lambda entry: FileSource(url=entry))
        return LocalFile(path, staged, len(content))

    async def _write_tone(self, required: RequiredInput, url: str) -> LocalFile:
        content = await asyncio.to_thread(make_tone, url)
        staged = self._workspace.reserve(TONE_FILE, stem=None if url == required.key else required.key)
        path = self._workspace.staging / staged
        await finish_then_cancel(asyncio.to_thread(path.write_bytes, content))
        return LocalFile(path, staged, len(content))

    async def _stage(self, required: RequiredInput, source: FileSource) -> LocalFile:
        path = await self._fetch_once(source)
        await _check_sum(path, source)
        # Inputs with a name of their own are staged under it; others keep the file's name.
        staged = self._workspace.reserve(path.name, stem=None if source.url == required.key else required.key)
        is_local = source.scheme in _FOLDER_SCHEMES
        beside = partial(_beside_file, path.parent) if is_local else partial(_beside_url, source)
        if required.is_list:
            await self._fill_list(path, self._workspace.staging / staged, required, beside)
        elif required.is_key_info:
            path = await self._fill_key_info(path, self._workspace.staging / staged, required, beside)
        elif path.suffix.lower() in _MANIFEST_SUFFIXES:
            # The names in a manifest are relative to it: it must be seen inside its own folder.
            folder = await self._workspace.place(path.parent, f"{staged}.d")
            path, staged = folder / path.name, f"{staged}.d/{path.name}"
        else:
            path = await self._workspace.place(path, staged)
        return LocalFile(path, staged, path.stat().st_size)

    async def _fetch_once(self, source: FileSource) -> Path:
        key = (source.url, *sorted(source.plain_headers.items()), source.credentials)
        if key not in self._fetched:
            self._fetched[key] = asyncio.ensure_future(self._fetch(source))
        return await asyncio.shield(self._fetched[key])

    async def _fetch(self, source: FileSource) -> Path:
        async with self._slots:
            return await self._stores.source(source).fetch(source, self._workspace.staging, self._open_meter())

    async def _stage_sequence(self, required: RequiredInput, source: FileSource) -> LocalFile:
        try:
            found = await self._stores.source(source).find(source.url)
        except SourceNotFound:
            with contextlib.suppress(SourceNotFound):
                return await self._stage(required, source)  # a file whose name looks like a pattern
            raise
        folder = self._workspace.reserve("frames")
        (self._workspace.staging / folder).mkdir()
        size = 0
        async for path in in_turns(found):
            await self._workspace.place(path, f"{folder}/{path.name}", one_of_many=True)
            size += path.stat().st_size
        pattern = PurePosixPath(source.url).name
        return LocalFile(found[0].parent, f"{folder}/{pattern}", size)

    async def _fill_list(
        self, source: Path, target: Path, required: RequiredInput, locate: Callable[[str], FileSource]
    ) -> None:
        """Stage every file a concat list names, and write the list with their staged names."""
        text = await asyncio.to_thread(_read_list, source)
        produced = ProducedNames(required.produced)
        names: dict[str, str] = {}
        for entry in await self._compute(len(text), concat_list.read_entries, text):
            if produced.include(entry.name):
                names[entry.name] = f"../{entry.name}"
            elif entry.name not in names:
                names[entry.name] = await self._stage_named(
                    entry, required, locate, is_own_text=isinstance(required.source, TextSource)
                )
        renamed = await self._compute(len(text), concat_list.rename_entries, text, names)
        await asyncio.to_thread(target.write_text, renamed, encoding="utf-8", errors="surrogateescape")

    async def _fill_key_info(
        self, source: Path, target: Path, required: RequiredInput, locate: Callable[[str], FileSource]
    ) -> Path:
        """Stage the key that the second line of an information file names, and write the staged name into it.

        The name is that of an input, or is read as an entry of a list is.
        """
        lines = (await asyncio.to_thread(_read_key_info, source)).splitlines()
        entry = lines[1].strip() if len(lines) > 1 else ""
        if entry:
            key_file = concat_list.ListEntry(entry, 2)
            staged = await self._stage_named(key_file, required, locate, is_own_text=True)
            lines[1] = f"{STAGING_FOLDER}/{staged}"
        text = "\n".join(lines) + "\n"
        await asyncio.to_thread(target.write_text, text, encoding="utf-8", errors="surrogateescape")
        return target

    async def _stage_named(
        self,
        entry: concat_list.ListEntry,
        required: RequiredInput,
        locate: Callable[[str], FileSource],
        *,
        is_own_text: bool,
    ) -> str:
        """Stage the input of the job or else the file that a text names, and return its staged name."""
        named = self._named.find(entry.name, is_own_text=is_own_text)
        if named is None:
            return await self._stage_entry(entry, locate)
        return (await self._named.fetch_for(required, named)).staged

    async def _stage_entry(self, entry: concat_list.ListEntry, locate: Callable[[str], FileSource]) -> str:
        """Stage a file that a list names, and return its staged name."""
        problem = concat_list.describe_problem(entry.name)
        if problem is not None:
            raise InvalidJob(
                f"Line {entry.line} of the list {problem}.",
                code="invalid_name",
                hint="Write one line per file, encoded as UTF-8: file 'name.mp4'.",
                where={"line": entry.line},
            )
        try:
            return (await self.fetch(RequiredInput(entry.name, locate(entry.name)))).staged
        except WorkerError as error:
            raise error.copy().at(line=entry.line) from None


def _read_list(path: Path) -> str:
    return _read_text(
        path,
        MAX_LIST_BYTES,
        SourceTooLarge(
            f"The list of files is larger than {MAX_LIST_BYTES} bytes.",
            hint="Join the files in several steps, each with a shorter list.",
        ),
    )


def _read_key_info(path: Path) -> str:
    return _read_text(
        path,
        _MAX_KEY_INFO_BYTES,
        SourceTooLarge(
            f"The information file of an HLS key is larger than {_MAX_KEY_INFO_BYTES} bytes.",
            hint="Write three lines: the address of the key, the name of its file, and perhaps the IV.",
        ),
    )


def _read_text(path: Path, max_bytes: int, too_large: SourceTooLarge) -> str:
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise too_large
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def _beside_file(folder: Path, entry: str) -> FileSource:
    return FileSource(url=entry if "://" in entry else str(folder / entry))


def _beside_url(source: FileSource, entry: str) -> FileSource:
    """Locate an entry of a list from a server: servers only, and credentials only for the same server."""
    try:
        located = FileSource(url=urljoin(source.url, entry))
        is_same = urlsplit(located.url)[:2] == urlsplit(source.url)[:2]
    except ValueError:
        located, is_same = FileSource(url=entry), False
    if located.scheme in _FOLDER_SCHEMES:
        raise AddressNotAllowed(
            "A list that was fetched from a server names a file of this machine.",
            hint="Send the list in the job itself, or name URLs in it.",
        )
    if not is_same:
        return located
    return located.model_copy(update={"headers": source.headers, "credentials": source.credentials})


async def _check_sum(path: Path, source: FileSource) -> None:
    if source.sha256 is None:
        return
    found = await asyncio.to_thread(_sha256, path)
    if found != source.sha256.lower():
        raise SourceUnreadable(
            "The input has another SHA-256 than the job says.",
            code="checksum_mismatch",
            hint="Correct the checksum, or send the file again.",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
