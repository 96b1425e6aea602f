"""Files of one delivery whose parts may be uploaded before they are complete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.storage.backends import BeginUpload, EarlyUpload, EarlyUploadFailed, ObjectHeaders, ObjectWriter
from ffmpeg_worker.storage.content_types import content_type
from ffmpeg_worker.storage.part_plan import MIN_GROWING_BYTES
from ffmpeg_worker.storage.stores import UploadRecords
from ffmpeg_worker.storage.transfer import TransferMeter


class GrowingFiles:
    """Uploads files to an `ObjectWriter`, from their early parts where there are some."""

    def __init__(self, writer: ObjectWriter, cache_control: str | None, records: UploadRecords) -> None:
        self._writer = writer
        self._cache_control = cache_control
        self._records = records
        self._early: dict[str, EarlyUpload | None] = {}
        self._expected: set[str] = set()
        self._settled: set[str] = set()
        """Names of which nothing is left that an earlier attempt has begun."""

    def expect(self, names: Iterable[str]) -> None:
        """See `Delivery.expect_growing`."""
        self._expected.update(names)

    def settle(self, name: str) -> None:
        """Note that a file is in the store."""
        self._settled.add(name)

    def follow(self, name: str, file: BinaryIO, size: int) -> None:
        """See `Delivery.follow`."""
        if name not in self._early:
            self._early[name] = self._open(name)
        early = self._early[name]
        if early is None:
            file.close()
        else:
            early.grow(file, size)

    async def stop(self) -> None:
        """See `Delivery.stop_following`."""
        await asyncio.gather(*(early.abort() for early in self._early.values() if early is not None))
        left = self._expected - self._settled
        if left and not await self._records.keeps_outputs():
            await asyncio.gather(*map(self._try_to_drop_parts, left))

    async def finish(self, name: str, path: Path, meter: TransferMeter) -> str | None:
        """Complete what was uploaded early, or upload the whole file; as `ObjectWriter.upload`."""
        early = self._early.get(name)
        if early is not None:
            try:
                return await early.finish(path, meter)
            except EarlyUploadFailed as error:
                if error.__cause__ is not None:
                    log(logging.INFO, "early upload failed, uploading the whole file", reason=str(error.__cause__))
        if path.stat().st_size >= MIN_GROWING_BYTES:
            await self._drop_parts(name)
        return await self._writer.upload(name, path, self._headers_of(name), meter)

    async def _drop_parts(self, name: str) -> None:
        """Remove what an earlier attempt has uploaded of a file that is not written again."""
        if name in self._settled:
            return
        left = await self._records.find_begun(name)
        early = self._open(name) if left is not None else None
        if left is not None and early is not None:
            await early.drop(left)
        self._settled.add(name)

    async def _try_to_drop_parts(self, name: str) -> None:
        try:
            await self._drop_parts(name)
        except WorkerError as error:
            log(logging.WARNING, "parts of an earlier attempt left in the store", reason=error.code)

    def _open(self, name: str) -> EarlyUpload | None:
        return self._writer.open_early(name, self._headers_of(name), partial(self._begin, name))

    async def _begin(self, name: str, begin: BeginUpload) -> str:
        upload = await self._records.begin(name, begin)
        self._settled.add(name)
        return upload

    def _headers_of(self, name: str) -> ObjectHeaders:
        return ObjectHeaders(content_type(name), self._cache_control)
