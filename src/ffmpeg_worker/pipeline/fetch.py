"""Stage one: every input becomes a file under a plain name in the job's own directory."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from ffmpeg_worker.command import concat_list
from ffmpeg_worker.errors import (
    AddressNotAllowed,
    InvalidJob,
    SourceNotFound,
    SourceUnreadable,
    WorkerError,
)
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.sources import MAX_CONTENT_BYTES, FileSource, TextSource
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.file_references import is_made, is_sequence
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.sandbox.beneath import read_beneath
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import cancel_and_wait

_MAX_MENTION_BYTES = 64 << 20
_MAX_AT_ONCE = 8
_FOLDER_SCHEMES = {None, "file"}
_MAX_KEY_INFO_BYTES = 4096
_MANIFEST_SUFFIXES = {".m3u8", ".mpd"}


class _Fetcher:
    """Fetches for one job; what has the same URL and headers is fetched once."""

    def __init__(self, workspace: Workspace, stores: Stores, open_meter: Callable[[], TransferMeter]) -> None:
        self._workspace = workspace
        self._stores = stores
        self._open_meter = open_meter
        self._at_once = asyncio.Semaphore(_MAX_AT_ONCE)
        self._fetched: dict[tuple[object, ...], asyncio.Task[Path]] = {}

    async def close(self) -> None:
        """Stop what is still being fetched."""
        await cancel_and_wait(*self._fetched.values())

    async def fetch(self, need: RequiredInput) -> LocalFile:
        try:
            if isinstance(need.source, TextSource):
                return await self._write_text(need, need.source)
            if need.source.scheme in _FOLDER_SCHEMES and (is_sequence(need.source.url) or "*" in need.source.url):
                return await self._stage_sequence(need, need.source)
            return await self._stage(need, need.source)
        except WorkerError as error:
            placed = error.copy().at(input=display_name(need.key))
            raise (placed.at(field=need.field) if need.field else placed) from None

    async def _write_text(self, need: RequiredInput, source: TextSource) -> LocalFile:
        content = source.content.encode()
        if len(content) > MAX_CONTENT_BYTES:
            raise InvalidJob(
                f"The text is {len(content)} bytes long; at most {MAX_CONTENT_BYTES} may stand in a job.",
                code="content_too_large",
                hint="Put it into a file and name that.",
            )
        staged = self._workspace.reserve(source.name)
        path = self._workspace.staging / staged
        path.write_bytes(content)
        if need.is_list:
            await self._fill_list(path, path, need, _as_named)
        return LocalFile(path, staged, len(content))

    async def _stage(self, need: RequiredInput, source: FileSource) -> LocalFile:
        path = await self._fetch_once(source)
        await _check_sum(path, source)
        staged = self._workspace.reserve(path.name, stem=_stem(need))
        if need.is_list:
            is_local = source.scheme in _FOLDER_SCHEMES
            beside = partial(_beside_file, path.parent) if is_local else partial(_beside_url, source)
            await self._fill_list(path, self._workspace.staging / staged, need, beside)
        elif path.suffix.lower() in _MANIFEST_SUFFIXES:
            # The names in a manifest are relative to it: it must be seen inside its own folder.
            folder = await self._workspace.place_folder(path.parent, f"{staged}.d")
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
        async with self._at_once:
            return await self._stores.source(source).fetch(source, self._workspace.staging, self._open_meter())

    async def _stage_sequence(self, need: RequiredInput, source: FileSource) -> LocalFile:
        try:
            found = await self._stores.source(source).find(source.url)
        except SourceNotFound:
            with contextlib.suppress(SourceNotFound):
                return await self._stage(need, source)  # a file whose name looks like a pattern
            raise
        folder = self._workspace.reserve("frames")
        (self._workspace.staging / folder).mkdir()
        for path in found:
            await self._workspace.place(path, f"{folder}/{path.name}", one_of_many=True)
        pattern = PurePosixPath(source.url).name
        return LocalFile(found[0].parent, f"{folder}/{pattern}", sum(path.stat().st_size for path in found))

    async def _fill_list(
        self, source: Path, target: Path, need: RequiredInput, locate: Callable[[str], FileSource]
    ) -> None:
        """Stage every file a concat list names, and write the list with their staged names."""
        text = source.read_text(encoding="utf-8", errors="surrogateescape")
        names: dict[str, str] = {}
        for entry in concat_list.entries(text):
            if is_made(entry, need.produced):
                names[entry] = f"../{entry}"
            elif entry not in names:
                names[entry] = (await self.fetch(RequiredInput(entry, locate(entry)))).staged
        target.write_text(concat_list.rename(text, names), encoding="utf-8", errors="surrogateescape")


def _as_named(entry: str) -> FileSource:
    return FileSource(url=entry)


def _beside_file(folder: Path, entry: str) -> FileSource:
    return FileSource(url=entry if "://" in entry else str(folder / entry))


def _beside_url(source: FileSource, entry: str) -> FileSource:
    """A list from a server names files of servers only; headers and credentials go with those of the same one."""
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
    return (
        located.model_copy(update={"headers": source.headers, "credentials": source.credentials})
        if is_same
        else located
    )


def _stem(need: RequiredInput) -> str | None:
    """Inputs with a name of their own are staged under it; others keep the file's name."""
    return None if isinstance(need.source, FileSource) and need.source.url == need.key else need.key


async def fetch(
    needs: Sequence[RequiredInput],
    workspace: Workspace,
    stores: Stores,
    *,
    open_meter: Callable[[], TransferMeter] = TransferMeter,
    all_or_none: bool = True,
) -> LocalFiles:
    """Fetch all inputs of a job, in parallel.

    Args:
        needs: what to fetch.
        workspace: where to.
        stores: where from.
        open_meter: makes the meter of each transfer.
        all_or_none: `False`: failures are kept in the answer, for whoever needs that file.

    Raises:
        WorkerError: with `where.input`; the first one that failed.
    """
    fetcher = _Fetcher(workspace, stores, open_meter)
    tasks = {need.key: asyncio.ensure_future(fetcher.fetch(need)) for need in needs}
    files: dict[str, LocalFile] = {}
    failed: dict[str, WorkerError] = {}
    try:
        for key, task in tasks.items():
            try:
                files[key] = await task
            except WorkerError as error:
                if all_or_none:
                    raise
                failed[key] = error
    finally:
        await cancel_and_wait(*tasks.values())
        await fetcher.close()
    workspace.show_inputs()
    return LocalFiles(files, failed)


async def copy_referenced_files(names: Iterable[str], folder: Path, stores: Stores) -> None:
    """Copy files that options mention into a working directory under the very same name.

    A word in a filter graph only may be a file: what the data root does not have is left to ffmpeg. Copies,
    not links, since some filters write to the files they name.
    """
    for name in names:
        target = folder / name
        if not _is_local(name) or target.exists():
            continue
        source = FileSource(url=name)
        if source.scheme is not None:
            continue
        try:
            path = await stores.source(source).fetch(source, folder, TransferMeter())
        except WorkerError:
            continue
        if path.stat().st_size <= _MAX_MENTION_BYTES:
            target.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(shutil.copyfile, path, target)


def find_key_files(key_infos: Iterable[str], folder: Path) -> Iterator[str]:
    """The files with the keys: each is named in the second line of its information file."""
    for name in key_infos:
        if _is_local(name):
            try:
                text = read_beneath(folder, name, _MAX_KEY_INFO_BYTES).decode(errors="replace")
            except OSError:
                continue
            lines = text.splitlines()
            if len(lines) > 1 and lines[1].strip():
                yield lines[1].strip()


def check_key_files(key_infos: Iterable[str], folder: Path) -> None:
    """Refuse keys that are no files of the job: the policy over arguments does not see into files.

    Raises:
        InvalidJob: an information file names one.
    """
    for key in find_key_files(key_infos, folder):
        if not _is_local(key) or ":" in key:
            raise InvalidJob(
                "The information file of an HLS key names a key that is no file of the job.",
                code="path_outside_root",
                hint="Name the key's file in its second line by a relative name, beside the information file.",
                where={"argument": "-hls_key_info_file"},
            )


def _is_local(name: str) -> bool:
    return not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts


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
