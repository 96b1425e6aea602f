"""Delivery of one lane's outputs to a remote store: uploaded early, a few at once, all or none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.errors import TargetError, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.storage.backends import ObjectWriter
from ffmpeg_worker.storage.content_types import is_manifest
from ffmpeg_worker.storage.growing_files import GrowingFiles
from ffmpeg_worker.storage.output_upload import OutputUpload, list_outputs, stop_uploads
from ffmpeg_worker.storage.remove_outputs import remove_outputs
from ffmpeg_worker.storage.stores import UNRECORDED, OutputLocation, UploadRecords
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_shielded, finish_then_cancel

_MASTER_MARK = b"#EXT-X-STREAM-INF"
_MASTER_HEAD_BYTES = 1 << 16


class RemoteDelivery:
    """A `Delivery` to an `ObjectWriter`.

    Manifests are uploaded last, so that no playlist is visible without the files it lists.
    """

    def __init__(
        self,
        writer: ObjectWriter,
        cache_control: str | None,
        slots: asyncio.Semaphore,
        meter: TransferMeter,
        records: UploadRecords = UNRECORDED,
    ) -> None:
        self._writer = writer
        self._slots = slots
        self._meter = meter
        self._records = records
        self._outputs: dict[str, OutputUpload] = {}
        self._growing = GrowingFiles(writer, cache_control, records)

    def send(self, name: str, path: Path) -> None:
        """See `Delivery.send`; manifests are uploaded by `finish`."""
        output = self._outputs.setdefault(name, OutputUpload(path))
        output.path, output.is_withdrawn = path, False
        size = path.stat().st_size if path.exists() else 0
        self._meter.total = (self._meter.total or 0) + size - output.size
        output.size = size
        if not is_manifest(name):
            self._start(name, output)

    def expect_growing(self, names: Iterable[str]) -> None:
        """See `Delivery.expect_growing`."""
        self._growing.expect(names)

    def follow(self, name: str, file: BinaryIO, size: int) -> None:
        """See `Delivery.follow`."""
        self._growing.follow(name, file, size)

    async def stop_following(self) -> None:
        """See `Delivery.stop_following`."""
        await self._growing.stop()

    def withdraw(self, name: str) -> None:
        """See `Delivery.withdraw`; `finish` deletes what has already arrived."""
        output = self._outputs.get(name)
        if output is not None:
            output.is_withdrawn = True
            stop_uploads([output])
            self._meter.total = (self._meter.total or 0) - output.size
            self._meter.add(-output.counted)
            output.size = output.counted = 0

    async def finish(self) -> Mapping[str, OutputLocation]:
        """See `Delivery.finish`. A withdrawn output that cannot be deleted is logged and is no failure.

        Raises:
            WorkerError: the first failure, with `where.output`; its hint names outputs that are still stored.
        """
        try:
            await self._upload_all()
            locations = {name: await self._locate(name) for name in self._wanted()}
            await self._remove([name for name, output in self._outputs.items() if output.is_withdrawn])
        except WorkerError as error:
            raise _with_remaining(error, await self._give_up()) from None
        except BaseException:
            await self._give_up()
            raise
        return locations

    def adopt(self, name: str) -> None:
        """See `Delivery.adopt`."""
        self._outputs[name] = OutputUpload(Path(name), is_stored=True)
        self._growing.settle(name)

    async def undo(self) -> None:
        """See `Delivery.undo`; outputs that cannot be deleted are logged."""
        await self._give_up()

    async def _give_up(self) -> list[str]:
        """Delete all outputs, unless another attempt goes on with them; returns those that are still stored."""
        if await finish_shielded(self._records.keeps_outputs()):
            stop_uploads(self._outputs.values())
            return []
        return await self._remove(self._outputs)

    def _wanted(self) -> list[str]:
        return [name for name, output in self._outputs.items() if not output.is_withdrawn]

    async def _upload_all(self) -> None:
        """Wait for the files, then upload manifests, then master playlists, which list other manifests."""
        await self._wait_for([name for name in self._wanted() if not is_manifest(name)])
        manifests = [name for name in self._wanted() if is_manifest(name)]
        masters = [name for name in manifests if await asyncio.to_thread(_is_master, self._outputs[name].path)]
        for names in ([name for name in manifests if name not in masters], masters):
            for name in names:
                self._start(name, self._outputs[name])
            await self._wait_for(names)

    async def _wait_for(self, names: Iterable[str]) -> None:
        """Wait until all have been uploaded, or one has failed."""
        for upload in asyncio.as_completed([self._outputs[name].uploads[-1] for name in names]):
            await upload

    async def _locate(self, name: str) -> OutputLocation:
        try:
            return replace(await self._writer.locate(name), etag=self._outputs[name].etag)
        except WorkerError as error:
            raise error.at(output=display_name(name)) from None

    def _start(self, name: str, output: OutputUpload) -> None:
        stop_uploads([output])
        earlier = [upload for upload in output.uploads if not upload.done()]
        output.meter = TransferMeter(partial(self._count, output))
        upload = asyncio.ensure_future(self._upload(name, output, earlier))
        output.uploads = [*earlier, upload]

    async def _upload(self, name: str, output: OutputUpload, earlier: Sequence[asyncio.Task[None]]) -> None:
        if earlier:
            await asyncio.wait(earlier)
        async with self._slots:
            try:
                if not output.path.is_file():
                    raise FileNotFoundError
                output.etag = await self._records.once(
                    name, partial(self._growing.finish, name, output.path, output.meter)
                )
                self._growing.settle(name)
            except FileNotFoundError:
                raise TargetError(
                    f'The output "{display_name(name)}" was deleted before it could be uploaded.',
                    code="output_vanished",
                    hint="Let the command keep it until the end.",
                    where={"output": display_name(name)},
                ) from None
            except WorkerError as error:
                raise error.at(output=display_name(name)) from None
            output.is_stored = True

    def _count(self, output: OutputUpload) -> None:
        """Pass a change on to the lane's meter; an upload that starts over subtracts what it had counted."""
        change, output.counted = output.meter.done - output.counted, output.meter.done
        self._meter.add(change)

    async def _remove(self, names: Iterable[str]) -> list[str]:
        """Stop and delete these outputs, even if the caller is cancelled; returns those that are still stored."""
        outputs = {name: self._outputs[name] for name in names}
        stop_uploads(outputs.values())
        if not any(output.may_be_stored for output in outputs.values()):
            return []
        return await finish_then_cancel(remove_outputs(self._writer, outputs))


def _is_master(path: Path) -> bool:
    """Whether a playlist lists other playlists."""
    try:
        with path.open("rb") as file:
            return _MASTER_MARK in file.read(_MASTER_HEAD_BYTES)
    except OSError:
        return False


def _with_remaining(error: WorkerError, left: Sequence[str]) -> WorkerError:
    """A copy of the error whose hint names outputs that could not be removed."""
    error = error.copy()
    if left:
        error.hint = f"{error.hint or ''} Still in the store: {list_outputs(left)}.".lstrip()
    return error
