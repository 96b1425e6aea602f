"""Outputs to a remote store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.storage.backends import ObjectWriter
from ffmpeg_worker.storage.output_upload import MAX_UPLOADS
from ffmpeg_worker.storage.remote_delivery import RemoteDelivery
from ffmpeg_worker.storage.stores import UNRECORDED, TargetRecords, UploadRecords
from ffmpeg_worker.storage.transfer import TransferMeter


class RemoteTarget:
    """A `Target` on top of an `ObjectWriter`; all lanes of a job share one limit of concurrent uploads."""

    def __init__(
        self,
        writer: ObjectWriter,
        cache_control: str | None = None,
        *,
        accepts_early: bool = True,
        accepts_growing: bool = False,
        records: TargetRecords | None = None,
    ) -> None:
        """Make one.

        Args:
            writer: of the store.
            cache_control: is set on every output.
            accepts_early: whether the store can delete what it was sent.
            accepts_growing: whether the store keeps parts of a file invisible until it is complete.
            records: of the store.
        """
        self.accepts_growing = accepts_growing
        self.accepts_early = accepts_early
        self.records = records
        self._writer = writer
        self._cache_control = cache_control
        self._slots = asyncio.Semaphore(MAX_UPLOADS)

    def check(self, names: Sequence[str]) -> None:
        """Refuse names that occur twice or that the store does not accept; see `Target.check`."""
        seen: set[PurePosixPath] = set()
        for name in names:
            if PurePosixPath(name) in seen:
                raise InvalidJob(
                    f'Two outputs have the name "{display_name(name)}".',
                    code="duplicate_output",
                    hint="Give each output its own name.",
                    where={"output": display_name(name)},
                )
            seen.add(PurePosixPath(name))
            try:
                self._writer.check(name)
            except WorkerError as error:
                raise error.at(output=display_name(name)) from None

    async def preflight(self) -> None:
        """See `Target.preflight`."""
        await self._writer.preflight()

    def open_delivery(self, meter: TransferMeter, records: UploadRecords = UNRECORDED) -> RemoteDelivery:
        """See `Target.open_delivery`."""
        return RemoteDelivery(self._writer, self._cache_control, self._slots, meter, records)
