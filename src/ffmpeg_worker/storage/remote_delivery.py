"""The way of outputs into a store elsewhere: sent early, a few at once, all or none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from ffmpeg_worker.errors import TargetError, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.logs import log
from ffmpeg_worker.storage.content_types import content_type
from ffmpeg_worker.storage.stores import STAYS, ObjectHeaders, ObjectWriter, OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel

AT_ONCE = 6
"""Uploads of one job at the same time."""

_TAKE_BACK_S = 30.0
_MAX_NAMED = 5
_MANIFESTS = {".m3u8", ".mpd"}
_MASTER_MARK = b"#EXT-X-STREAM-INF"
_MASTER_HEAD_BYTES = 1 << 16


@dataclass(slots=True)
class _Item:
    """One output of a delivery."""

    path: Path
    size: int = 0
    uploads: list[asyncio.Task[None]] = field(default_factory=list)
    """The last one is for what `path` holds now; those before it were cancelled and may still be ending."""
    meter: TransferMeter = field(default_factory=TransferMeter)
    counted: int = 0
    is_withdrawn: bool = False
    is_there: bool = False
    """Whether the store has some version of it from us."""

    @property
    def may_be_there(self) -> bool:
        return self.is_there or any(not upload.done() for upload in self.uploads)


class RemoteDelivery:
    """One lane's outputs on their way. Manifests go last: nobody sees a playlist without what it lists."""

    def __init__(
        self, objects: ObjectWriter, cache_control: str | None, slots: asyncio.Semaphore, meter: TransferMeter
    ) -> None:
        self._objects = objects
        self._cache_control = cache_control
        self._slots = slots
        self._meter = meter
        self._items: dict[str, _Item] = {}

    def send(self, name: str, path: Path) -> None:
        """See `Delivery.send`; a manifest waits for `finish`."""
        item = self._items.setdefault(name, _Item(path))
        item.path, item.is_withdrawn = path, False
        size = path.stat().st_size if path.exists() else 0
        self._meter.total = (self._meter.total or 0) + size - item.size
        item.size = size
        if not _is_manifest(name):
            self._start(name, item)

    def withdraw(self, name: str) -> None:
        """See `Delivery.withdraw`; what has arrived is removed by `finish`."""
        item = self._items.get(name)
        if item is not None:
            item.is_withdrawn = True
            _stop([item])
            self._meter.total = (self._meter.total or 0) - item.size
            self._meter.add(-item.counted)
            item.size = item.counted = 0

    async def finish(self) -> Mapping[str, OutputLocation]:
        """See `Delivery.finish`. What was withdrawn and cannot be removed is logged, and no failure.

        Raises:
            WorkerError: the first failure, with `where.output`; its hint names what is still there.
        """
        try:
            await self._arrive()
            places = {name: await self._place(name) for name in self._wanted()}
            await self._take_back([name for name, item in self._items.items() if item.is_withdrawn])
        except WorkerError as error:
            raise _with_remains(error, await self._take_back(self._items)) from None
        except BaseException:
            await self._take_back(self._items)
            raise
        return places

    async def undo(self) -> None:
        """See `Delivery.undo`; what cannot be removed is logged."""
        await self._take_back(self._items)

    def _wanted(self) -> list[str]:
        return [name for name, item in self._items.items() if not item.is_withdrawn]

    async def _arrive(self) -> None:
        """Wait for the files, then bring the manifests, then those that list manifests."""
        await self._wait_for([name for name in self._wanted() if not _is_manifest(name)])
        manifests = [name for name in self._wanted() if _is_manifest(name)]
        masters = [name for name in manifests if await asyncio.to_thread(_is_master, self._items[name].path)]
        for names in ([name for name in manifests if name not in masters], masters):
            for name in names:
                self._start(name, self._items[name])
            await self._wait_for(names)

    async def _wait_for(self, names: Iterable[str]) -> None:
        """Until all have arrived, or one has failed.

        Raises:
            WorkerError: with `where.output`.
        """
        uploads = {self._items[name].uploads[-1]: name for name in names}
        waiting = set(uploads)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for upload in done:
                try:
                    upload.result()
                except WorkerError as error:
                    raise error.copy().at(output=display_name(uploads[upload])) from None

    async def _place(self, name: str) -> OutputLocation:
        try:
            return await self._objects.place(name)
        except WorkerError as error:
            raise error.copy().at(output=display_name(name)) from None

    def _start(self, name: str, item: _Item) -> None:
        _stop([item])
        earlier = [upload for upload in item.uploads if not upload.done()]
        item.meter = TransferMeter(partial(self._count, item))
        upload = asyncio.ensure_future(self._upload(name, item, earlier))
        item.uploads = [*earlier, upload]

    async def _upload(self, name: str, item: _Item, earlier: Sequence[asyncio.Task[None]]) -> None:
        if earlier:
            await asyncio.wait(earlier)
        async with self._slots:
            try:
                if not item.path.is_file():
                    raise FileNotFoundError
                headers = ObjectHeaders(content_type(name), self._cache_control)
                await self._objects.send(name, item.path, headers, item.meter)
            except FileNotFoundError:
                raise TargetError(
                    f'The output "{display_name(name)}" was gone before it could be uploaded.',
                    code="output_vanished",
                    hint="Let the command keep it until the end.",
                ) from None
            item.is_there = True

    def _count(self, item: _Item) -> None:
        """Tell the lane's meter of what has changed; an upload that begins again takes back what it counted."""
        change, item.counted = item.meter.done - item.counted, item.meter.done
        self._meter.add(change)

    async def _take_back(self, names: Iterable[str]) -> list[str]:
        """Stop and remove these, also when the caller is cancelled meanwhile; answers which are still there."""
        items = {name: self._items[name] for name in names}
        _stop(items.values())
        if not any(item.may_be_there for item in items.values()):
            return []
        return await finish_then_cancel(self._remove(items))

    async def _remove(self, items: Mapping[str, _Item]) -> list[str]:
        """Manifests first, as long as there is time; what is left is logged."""
        slots = asyncio.Semaphore(AT_ONCE)  # not the uploads': those of other lanes may take long
        try:
            async with asyncio.timeout(_TAKE_BACK_S):
                uploads = [upload for item in items.values() for upload in item.uploads]
                await asyncio.gather(*uploads, return_exceptions=True)
                for item in items.values():
                    item.is_there = item.is_there or any(_stays(upload) for upload in item.uploads)
                for is_manifest in (True, False):
                    names = [name for name in items if _is_manifest(name) == is_manifest]
                    await asyncio.gather(*(self._remove_one(name, items[name], slots) for name in names))
        except TimeoutError:
            pass
        left = [name for name, item in items.items() if item.may_be_there]
        if left:
            log(logging.WARNING, "outputs left in the store", outputs=_names(left))
        return left

    async def _remove_one(self, name: str, item: _Item, slots: asyncio.Semaphore) -> None:
        if not item.is_there:
            return
        async with slots:
            try:
                await self._objects.remove(name)
            except Exception as error:
                log(logging.DEBUG, "output not removed", error=type(error).__name__)
                return
        item.is_there = False


def _stays(upload: asyncio.Task[None]) -> bool:
    """Whether an upload that was stopped had arrived, and could not be taken back."""
    if not upload.done() or upload.cancelled():
        return False
    error = upload.exception()
    return isinstance(error, WorkerError) and error.code == STAYS


def _is_manifest(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _MANIFESTS


def _is_master(path: Path) -> bool:
    """Whether a playlist lists playlists."""
    try:
        with path.open("rb") as file:
            return _MASTER_MARK in file.read(_MASTER_HEAD_BYTES)
    except OSError:
        return False


def _stop(items: Iterable[_Item]) -> None:
    for item in items:
        for upload in item.uploads:
            upload.cancel()


def _names(left: Sequence[str]) -> str:
    more = f" and {len(left) - _MAX_NAMED} more" if len(left) > _MAX_NAMED else ""
    return ", ".join(f'"{display_name(name)}"' for name in left[:_MAX_NAMED]) + more


def _with_remains(error: WorkerError, left: Sequence[str]) -> WorkerError:
    """The error, whose hint names outputs that could not be removed."""
    error = error.copy()
    if left:
        error.hint = f"{error.hint or ''} Still in the store: {_names(left)}.".lstrip()
    return error
