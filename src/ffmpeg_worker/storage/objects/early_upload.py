"""Upload of one file while it is written: parts go up early, and those that changed once more in the end."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.errors import AddressNotAllowed, WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.storage.backends import BeginUpload, EarlyUploadFailed
from ffmpeg_worker.storage.objects.join_parts import join_parts
from ffmpeg_worker.storage.objects.part_sender import PartRequestFailed
from ffmpeg_worker.storage.objects.part_store import PartData, PartStore
from ffmpeg_worker.storage.objects.upload_memory import Part, UploadShare
from ffmpeg_worker.storage.part_plan import PartPlan
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded, run_all

_MAX_EARLY_PARTS = 2
"""Concurrent requests of one file while it is written: its encoder needs the processor, too."""
_MAX_LAST_PARTS = 4
_MAX_COMPARED = 2
_BLOCK_BYTES = 1 << 20
_REMOVAL_S = 6.0
_FAILURES = (PartRequestFailed, AddressNotAllowed, OSError)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A part that the store has: the SHA-256 of its bytes, and the tag that the store gave it."""

    sha256: str
    tag: str


class PartwiseUpload:
    """An `EarlyUpload` by a `PartStore`."""

    def __init__(
        self,
        parts: PartStore,
        plan: PartPlan,
        share: UploadShare,
        record: Callable[[BeginUpload], Awaitable[str]],
        delete: Callable[[], Awaitable[None]],
    ) -> None:
        """Send nothing yet.

        Args:
            parts: of the object.
            plan: how the file is divided.
            share: memory of the job.
            record: see `ObjectWriter.open_early`.
            delete: deletes the object, where a cancellation comes after it was made.
        """
        self._parts = parts
        self._plan = plan
        self._share = share
        self._record = record
        self._delete = delete
        self._file: BinaryIO | None = None
        self._beginning: asyncio.Task[str] | None = None
        self._early: dict[int, asyncio.Task[_Sent | None]] = {}
        self._slots = asyncio.Semaphore(_MAX_EARLY_PARTS)
        self._is_over = False
        self._has_failed = False

    def grow(self, file: BinaryIO, size: int) -> None:
        """See `EarlyUpload.grow`."""
        if self._file is None and not self._is_over:
            self._file = file
        elif self._file is not file:
            file.close()
        if self._is_over or self._has_failed or not self._plan.fits(size):
            return
        for number in self._plan.ready(size, self._early):
            if self._beginning is None:
                self._beginning = asyncio.ensure_future(self._record(self._begin))
            sending = self._send_early(self._beginning, file, number)
            self._early[number] = asyncio.ensure_future(sending)

    async def finish(self, path: Path, meter: TransferMeter) -> str | None:
        """See `EarlyUpload.finish`."""
        if self._is_over or self._beginning is None or self._file is None:
            raise EarlyUploadFailed
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not os.path.samestat(status, os.fstat(self._file.fileno())) or not self._plan.fits(
                    status.st_size
                ):
                    raise EarlyUploadFailed
                meter.expect(status.st_size)
                upload = await self._wait_for_begin(self._beginning)
                sent = await self._complete(upload, file, status.st_size, meter)
                etag = await join_parts(self._parts, upload, [part.tag for part in sent], self._delete)
        except _FAILURES as error:
            await self.abort()
            raise EarlyUploadFailed from error
        except BaseException:
            await finish_shielded(self.abort())
            raise
        self._end()
        return etag

    async def drop(self, upload: str) -> None:
        """See `EarlyUpload.drop`."""
        try:
            async with asyncio.timeout(_REMOVAL_S):
                await self._parts.abort(upload)
        except (*_FAILURES, TimeoutError) as error:
            log(logging.WARNING, "parts left in the store", reason=type(error).__name__)

    async def abort(self) -> None:
        """See `EarlyUpload.abort`."""
        if self._is_over:
            return
        self._end()
        sending = [*self._early.values()]
        self._early.clear()  # a cancelled task keeps what it had in memory
        await cancel_and_wait(*sending)
        del sending
        if self._beginning is None:
            return
        try:
            async with asyncio.timeout(_REMOVAL_S):
                # Not cancelled: without the id, the parts could not be removed.
                await self._parts.abort(await asyncio.shield(self._beginning))
        except Exception as error:
            if self._beginning.done() and self._beginning.exception() is None:
                log(logging.WARNING, "parts left in the store", reason=type(error).__name__)
        finally:
            await cancel_and_wait(self._beginning)

    async def _wait_for_begin(self, beginning: asyncio.Task[str]) -> str:
        try:
            return await asyncio.shield(beginning)
        except WorkerError as error:  # its record could not be written
            raise EarlyUploadFailed from error

    def _end(self) -> None:
        self._is_over = True
        if self._file is not None:
            self._file.close()

    async def _begin(self, left: str | None) -> str:
        if left is not None:
            await self.drop(left)
        return await self._parts.begin()

    async def _send_early(self, beginning: asyncio.Task[str], file: BinaryIO, number: int) -> _Sent | None:
        """Send a part; no error is kept, since that would keep the part in memory."""
        try:
            async with self._slots:
                upload = await asyncio.shield(beginning)
                return await self._send(upload, file, number, self._plan.part_bytes)
        except Exception as error:
            log(logging.DEBUG, "part not uploaded early", error=type(error).__name__)
            self._has_failed = True
            return None

    async def _send(self, upload: str, file: BinaryIO, number: int, length: int) -> _Sent:
        data = await self._share.read(file, length, number * self._plan.part_bytes)
        try:
            digest = await asyncio.to_thread(_hash, data)
            tag = await self._parts.put(upload, PartData(number, data, digest))
        finally:
            data.free()
        return _Sent(digest, tag)

    async def _complete(self, upload: str, file: BinaryIO, size: int, meter: TransferMeter) -> list[_Sent]:
        """Bring all parts of the complete file into the store."""
        sent: dict[int, _Sent] = {}
        numbers = range(self._plan.count(size))

        async def send(waiting: list[int]) -> None:
            while waiting:
                number = waiting.pop(0)
                length = self._plan.length(number, size)
                sent[number] = await self._send(upload, file, number, length)
                meter.add(length)

        changed: list[int] = []

        async def compare(waiting: list[int]) -> None:
            while waiting:
                number = waiting.pop(0)
                length = self._plan.length(number, size)
                early = await self._early[number]
                start = number * self._plan.part_bytes
                if early is None or early.sha256 != await asyncio.to_thread(_digest, file, start, length):
                    changed.append(number)
                else:
                    sent[number] = early
                    meter.add(length)

        late = [number for number in numbers if number not in self._early]
        early = [number for number in numbers if number in self._early]
        workers = [send(late) for _ in range(_MAX_LAST_PARTS)] + [compare(early) for _ in range(_MAX_COMPARED)]
        await run_all(workers)
        if changed:
            log(logging.INFO, "parts changed after they were uploaded", count=len(changed), of=len(numbers))
        await run_all(send(changed) for _ in range(_MAX_LAST_PARTS))
        await cancel_and_wait(*self._early.values())  # the file may have become shorter
        return [sent[number] for number in numbers]


def _hash(data: Part) -> str:
    return sha256(data).hexdigest()


def _digest(file: BinaryIO, start: int, length: int) -> str:
    digest = sha256()
    block = bytearray(_BLOCK_BYTES)
    view = memoryview(block)
    while length > 0:
        count = os.preadv(file.fileno(), [view[: min(length, _BLOCK_BYTES)]], start)
        if count == 0:
            break
        digest.update(view[:count])
        start, length = start + count, length - count
    return digest.hexdigest()
