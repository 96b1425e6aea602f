"""A store elsewhere that outputs are delivered to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.storage.remote_delivery import AT_ONCE, RemoteDelivery
from ffmpeg_worker.storage.stores import ObjectWriter
from ffmpeg_worker.storage.transfer import TransferMeter


class RemoteTarget:
    """Delivers the outputs of one job to a store; all its lanes share the number of uploads at once."""

    def __init__(
        self, objects: ObjectWriter, cache_control: str | None = None, *, accepts_early: bool = True
    ) -> None:
        """`cache_control` is for all outputs; `accepts_early`: the store can remove what turns out to be none."""
        self._objects = objects
        self._cache_control = cache_control
        self._takes_early = accepts_early
        self._slots = asyncio.Semaphore(AT_ONCE)

    @property
    def accepts_early(self) -> bool:
        """See `Target.accepts_early`."""
        return self._takes_early

    def check(self, names: Sequence[str]) -> None:
        """See `Target.check`.

        Raises:
            TargetError, InvalidJob: the first name that the store does not take, or that comes twice.
        """
        seen: set[PurePosixPath] = set()
        for name in names:
            if PurePosixPath(name) in seen:
                raise InvalidJob(
                    f'Two outputs have the name "{display_name(name)}".',
                    code="duplicate_output",
                    hint="Give each output a name of its own.",
                    where={"output": display_name(name)},
                )
            seen.add(PurePosixPath(name))
            try:
                self._objects.check(name)
            except WorkerError as error:
                raise error.at(output=display_name(name)) from None

    async def preflight(self) -> None:
        """See `Target.preflight`."""
        await self._objects.preflight()

    def open(self, meter: TransferMeter) -> RemoteDelivery:
        """See `Target.open`."""
        return RemoteDelivery(self._objects, self._cache_control, self._slots, meter)
