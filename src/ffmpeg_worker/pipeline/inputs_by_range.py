"""The inputs of a job that are read by range: open while it runs, and downloaded whole where that is needed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ffmpeg_worker.command.concat_list import rename_entries
from ffmpeg_worker.errors import EngineFailed, EngineKilled, NothingSelected, SourceError, WorkerError
from ffmpeg_worker.ffmpeg.exchanged_inputs import WaitingInputs, tickets_for
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import RANGED_FOLDER, STAGING_FOLDER
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.read_by_range import MAX_FILES, find_read_files
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.sandbox.beneath import symlink_beneath
from ffmpeg_worker.sandbox.ticket import open_options
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.tasks import finish_then_cancel

T = TypeVar("T")


@dataclass(slots=True)
class _OpenInput:
    file: RangedFile
    required: RequiredInput
    is_complete: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def locate(self, error: WorkerError) -> WorkerError:
        return error.copy().at(input=display_name(self.required.key), field=self.required.field)


@dataclass(slots=True)
class _List:
    """A staged list for the concat demuxer, with the staged names of those entries that were opened."""

    text: str
    entries: tuple[str, ...]
    written: dict[Path, tuple[str, str]] = field(default_factory=dict)
    """By working directory: the staged name and the text of the list that was written for it."""


class InputsByRange:
    """The open inputs of one job, by their staged names."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._inputs: dict[str, _OpenInput] = {}
        self._lists: dict[str, _List] = {}
        self._opened: list[RangedFile] = []

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def fetched_bytes(self) -> int:
        """Bytes that were fetched for the inputs until now."""
        files = {id(one.file): one.file for one in self._inputs.values()}  # two inputs may be the same source
        return sum(file.fetched_bytes for file in files.values())

    @property
    def display_names(self) -> dict[str, str]:
        """The caller's names of the inputs, by their names in working directories."""
        return {_shown(staged): display_name(one.required.key) for staged, one in self._inputs.items()}

    def make_folder(self) -> Path:
        """Make the folder that inputs are opened in."""
        folder = self._workspace.root / RANGED_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def keep(self, file: RangedFile) -> None:
        """Close a file with the others, even if the job ends before it is added."""
        self._opened.append(file)

    def add(self, staged: str, file: RangedFile, required: RequiredInput) -> None:
        """Keep an opened input until `close`."""
        self._inputs[staged] = _OpenInput(file, required)

    def add_list(self, staged: str, text: str, entries: Iterable[str]) -> None:
        """Keep a staged list whose `entries`, staged names, are inputs that were opened."""
        self._lists[staged] = _List(text, tuple(entries))

    def size_beside(self, staged: Container[str]) -> int:
        """Bytes of the opened inputs that are not among the `staged` ones: entries of lists."""
        return sum(one.file.size for name, one in self._inputs.items() if name not in staged)

    def find(self, staged: str) -> RangedFile | None:
        """The file of a staged name; `None` if it lies in the staging folder."""
        one = self._inputs.get(staged)
        return None if one is None or one.is_complete else one.file

    async def prepare(self, folder: Path, arguments: Iterable[str], texts: Iterable[str] = ()) -> WaitingInputs:
        """The files that a command in `folder` reads by range.

        Others that it or one of the `texts` names are downloaded whole.

        Raises:
            WorkerError: that failed; with `where.input`.
        """
        waiting = self._waiting
        if not waiting:
            return WaitingInputs()
        lists = {_shown(staged): tuple(map(_shown, found.entries)) for staged, found in self._lists.items()}
        read = find_read_files(tuple(arguments), tuple(texts), waiting, lists)
        for name in read.others:
            await self.complete(waiting[name])
        self.show_complete(folder)
        files = {name: file for name in read.files if (file := self.find(waiting[name])) is not None}
        for staged, found in self._lists.items():
            tickets = tickets_for(files) if _shown(staged) in read.lists else {}
            await self._write_list(folder, staged, found, tickets)
        return WaitingInputs(files, read.lists)

    async def _write_list(self, folder: Path, staged: str, found: _List, tickets: Mapping[str, int]) -> None:
        """Show a working directory a list with tickets. It lies in the staging folder, where no program writes."""
        options = {
            entry: open_options(tickets[name]) for entry in found.entries if (name := _shown(entry)) in tickets
        }
        text = rename_entries(found.text, dict.fromkeys(options, "fd:"), options)
        name, before = found.written.get(folder, ("", ""))
        if text == before:
            return
        name = name or self._workspace.reserve(staged)
        target = self._workspace.staging / name
        target.unlink(missing_ok=True)
        await finish_then_cancel(
            asyncio.to_thread(target.write_text, text, encoding="utf-8", errors="surrogateescape")
        )
        target.chmod(0o644)
        symlink_beneath(folder, _shown(staged), f"../{_shown(name)}", replace=True)
        found.written[folder] = (name, text)

    async def prepare_scene(self, folder: Path, scene: str) -> dict[str, RangedFile]:
        """The files that a scene names, which a renderer in `folder` reads, by their names in it.

        Raises:
            WorkerError: see `prepare`; only a part of them can be read by range.
        """
        waiting = self._waiting
        if not waiting:
            return {}
        names = sorted(find_read_files((), (scene,), waiting).others)
        for name in names[MAX_FILES:]:
            await self.complete(waiting[name])
        self.show_complete(folder)
        return {name: file for name in names if (file := self.find(waiting[name])) is not None}

    @property
    def _waiting(self) -> dict[str, str]:
        """The staged names by the names that commands have for them."""
        return {_shown(staged): staged for staged in self._inputs}

    async def complete(self, staged: str) -> None:
        """Download the rest of an input, and put the file into the staging folder.

        Raises:
            WorkerError: it could not be fetched; with `where.input`.
        """
        one = self._inputs.get(staged)
        if one is None:
            return
        async with one.lock:
            if one.is_complete:
                return
            reader = one.file.open_reader()
            try:
                await reader.fetch(0, one.file.size)
            except WorkerError as error:
                raise one.locate(error) from None
            finally:
                reader.close()
            await asyncio.to_thread(_place, one.file, self._workspace.staging / staged)
            one.is_complete = True

    def show_complete(self, folder: Path) -> None:
        """Link the inputs that were downloaded whole into the staging folder of a working directory."""
        for staged, one in self._inputs.items():
            link = folder / STAGING_FOLDER / staged
            if one.is_complete and not link.is_symlink():
                link.symlink_to(f"../../{STAGING_FOLDER}/{staged}")

    async def read(self, staged: str, run: Callable[[RangedFile | None], Awaitable[T]]) -> T:
        """Await `run` with the file of a staged name; it gets `None` if that lies in the staging folder.

        Raises:
            WorkerError: see `check`.
        """
        file = self.find(staged)
        return await self.check(run(file), () if file is None else (file,))

    async def check(self, run: Awaitable[T], files: Iterable[object]) -> T:
        """Await a run that reads `files`.

        Raises:
            WorkerError: why a read failed, with `where.input`, if one did: the program may have taken that for the
                end of the file. Otherwise the error of the run.
        """
        try:
            result = await run
        except (EngineFailed, EngineKilled, NothingSelected, SourceError):
            self.raise_problem(files)
            raise
        self.raise_problem(files)
        return result

    def raise_problem(self, files: Iterable[object]) -> None:
        """Raise why a read of one of the files failed, if one did; with `where.input`."""
        for file in files:
            for one in self._inputs.values():
                if one.file is file and one.file.problem is not None:
                    raise one.locate(one.file.problem)

    async def read_head(self, file: RangedFile, length: int) -> bytes:
        """Read the first bytes of a file.

        Raises:
            WorkerError: they cannot be fetched.
        """
        reader = file.open_reader()
        try:
            if not reader.has(0, length):
                await reader.fetch(0, length)
        finally:
            reader.close()
        with os.fdopen(file.open_descriptor(), "rb") as opened:
            return opened.read(length)

    @property
    def is_used(self) -> bool:
        """Whether there is anything to close."""
        return bool(self._opened or self._inputs)

    async def close(self) -> None:
        """Close all files; requests that run are stopped."""
        for file in (*self._opened, *(one.file for one in self._inputs.values())):
            await file.close()


def _shown(staged: str) -> str:
    """The name of a staged file in working directories."""
    return f"{STAGING_FOLDER}/{staged}"


def _place(file: RangedFile, target: Path) -> None:
    """Give a complete file a second name, or copy it to another disk."""
    try:
        os.link(file.path, target)
    except OSError:
        with os.fdopen(file.open_descriptor(), "rb") as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
    target.chmod(0o644)
