"""Makes each input of a job a file in its staging folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ffmpeg_worker.command.name_patterns import is_sequence
from ffmpeg_worker.errors import SourceNotFound, SourceUnreadable, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.job.tone import TONE_FILE, is_tone, make_tone
from ffmpeg_worker.pipeline.fetch.listed_files import FOLDER_SCHEMES, ListedFiles, find_beside
from ffmpeg_worker.pipeline.fetch.named_inputs import NamedInputs
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.read_by_range import is_read_by_range
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel, in_turns

_MAX_PARALLEL = 8
_MANIFEST_SUFFIXES = {".m3u8", ".mpd"}


class Fetcher:
    """Fetches for one job; sources with the same URL, headers and credentials are fetched once."""

    def __init__(
        self,
        workspace: Workspace,
        stores: Stores,
        open_meter: Callable[[], TransferMeter],
        compute: Callable[..., Awaitable[Any]],
        inputs: Iterable[RequiredInput] = (),
        *,
        by_range: InputsByRange | None = None,
    ) -> None:
        """`compute` returns the result of a function: see `Compute.call`. Texts may name the job's `inputs`.

        `by_range` receives inputs that are opened instead of downloaded; `None`: all are downloaded.
        """
        self._by_range = by_range
        inputs = tuple(inputs)
        self._needed_whole = {
            _key_of(one.source) for one in inputs if isinstance(one.source, FileSource) and not one.by_range
        }
        self._named = NamedInputs(inputs, self._fetch_new, self._complete)
        self._listed = ListedFiles(workspace.staging, self._named, compute, by_range)
        self._workspace = workspace
        self._stores = stores
        self._open_meter = open_meter
        self._slots = asyncio.Semaphore(_MAX_PARALLEL)
        self._fetched: dict[tuple[object, ...], asyncio.Task[Path]] = {}
        self._opened: dict[tuple[object, ...], asyncio.Task[RangedFile | None]] = {}

    @property
    def tasks(self) -> tuple[asyncio.Future[Any], ...]:
        """Tasks that have begun. Several callers may await the same download or input, so its owner stops it."""
        return (*self._named.tasks, *self._fetched.values(), *self._opened.values())

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
            if required.source.scheme in FOLDER_SCHEMES and (
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
        is_ranged = False
        if required.is_list:
            is_ranged = await self._listed.fill_list(path, staged, required, lambda entry: FileSource(url=entry))
        elif required.is_key_info:
            await self._listed.fill_key_info(path, staged, required, lambda entry: FileSource(url=entry))
        return LocalFile(path, staged, len(content), lists_by_range=is_ranged)

    async def _write_tone(self, required: RequiredInput, url: str) -> LocalFile:
        content = await asyncio.to_thread(make_tone, url)
        staged = self._workspace.reserve(TONE_FILE, stem=None if url == required.key else required.key)
        path = self._workspace.staging / staged
        await finish_then_cancel(asyncio.to_thread(path.write_bytes, content))
        return LocalFile(path, staged, len(content))

    async def _stage(self, required: RequiredInput, source: FileSource) -> LocalFile:
        may_wait = required.by_range and not required.is_list and _key_of(source) not in self._needed_whole
        if self._by_range is not None and may_wait:
            file = await self._open_once(source, self._by_range)
            if file is not None:
                staged = self._reserve(file.name, required, source)
                self._by_range.add(staged, file, required)
                return LocalFile(file.path, staged, file.size, by_range=True)
        path = await self._fetch_once(source)
        await _check_sum(path, source)
        staged = self._reserve(path.name, required, source)
        is_ranged = False
        if required.is_list:
            is_ranged = await self._listed.fill_list(path, staged, required, find_beside(source, path.parent))
        elif required.is_key_info:
            path = await self._listed.fill_key_info(path, staged, required, find_beside(source, path.parent))
        elif path.suffix.lower() in _MANIFEST_SUFFIXES:
            # The names in a manifest are relative to it: it must be seen inside its own folder.
            folder = await self._workspace.place(path.parent, f"{staged}.d")
            path, staged = folder / path.name, f"{staged}.d/{path.name}"
        else:
            path = await self._workspace.place(path, staged)
        return LocalFile(path, staged, path.stat().st_size, lists_by_range=is_ranged)

    def _reserve(self, name: str, required: RequiredInput, source: FileSource) -> str:
        """Reserve a staged name: inputs with a name of their own are staged under it; others keep the file's."""
        return self._workspace.reserve(name, stem=None if source.url == required.key else required.key)

    async def _open_once(self, source: FileSource, by_range: InputsByRange) -> RangedFile | None:
        key = _key_of(source)
        if key not in self._opened:
            self._opened[key] = asyncio.ensure_future(self._open(source, by_range))
        return await asyncio.shield(self._opened[key])

    async def _open(self, source: FileSource, by_range: InputsByRange) -> RangedFile | None:
        """Open a source by range; `None`: it must be downloaded whole."""
        async with self._slots:
            store = self._stores.source(source)
            sparse_folder = by_range.make_folder()
            file = await store.open_ranged(source, self._workspace.staging, sparse_folder, self._open_meter())
        if file is not None:
            by_range.keep(file)
        if file is not None and not is_read_by_range(file.name):  # the server gave it another name
            await file.close()
            return None
        return file

    async def _complete(self, file: LocalFile) -> None:
        """Download the rest of an input that a text names."""
        if self._by_range is not None:
            await self._by_range.complete(file.staged)

    async def _fetch_once(self, source: FileSource) -> Path:
        key = _key_of(source)
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


def _key_of(source: FileSource) -> tuple[object, ...]:
    """Equal for sources that are fetched once."""
    return (source.url, *sorted(source.plain_headers.items()), source.credentials)


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
