"""The webhooks of a queue: their receivers, their deliveries, and what was tried."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.delivery_store import SealedCallback, list_deliveries, replay_delivery
from ffmpeg_worker.job_queue.job_record import time_text
from ffmpeg_worker.job_queue.job_store import get_job
from ffmpeg_worker.job_queue.output_links import OutputLinks
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.webhooks.callback import Callback, check_callback
from ffmpeg_worker.job_queue.webhooks.claims import Clock, read_database_clock, release_claims
from ffmpeg_worker.job_queue.webhooks.deliverer import Deliverer
from ffmpeg_worker.job_queue.webhooks.signing_secrets import signing_secrets
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.settings import Settings

_PATIENCE_S = 5.0


class Webhooks:
    """Sends the webhooks of jobs, and shows what became of them. All methods may raise QueueUnavailable."""

    def __init__(
        self, settings: Settings, database: Database, seal: Seal, *, clock: Clock = read_database_clock
    ) -> None:
        """`clock` tells when a try is due."""
        self._database = database
        self._seal = seal
        self._outbound = OutboundClient(OutboundRules.of(settings))
        public_url = None if settings.public_url is None else settings.public_url.rstrip("/")
        self._deliverer = Deliverer(
            database,
            seal,
            self._outbound,
            signing_secrets(settings, seal),
            public_url=public_url,
            links=OutputLinks(seal, settings.link_lifetime_s),
            clock=clock,
        )

    def open(self, executor: str) -> None:
        """Start to send; `executor` names this process."""
        self._deliverer.open(executor)

    async def close(self) -> None:
        """Stop to send."""
        await self._deliverer.close()

    def wake(self) -> None:
        """Send what was stored."""
        self._deliverer.wake()

    async def take_over(self, executors: Sequence[str]) -> None:
        """Send what dead processes were sending."""
        await self._database.run(partial(release_claims, executors=executors))
        self.wake()

    def seal_callback(self, callback: Callback) -> SealedCallback:
        """Seal the receiver of a job.

        Raises:
            AddressNotAllowed: it can never be called.
            InvalidJob: its header may not be set.
        """
        check_callback(callback, self._outbound)
        receiver = self._seal.digest(b"receiver\0" + callback.receiver.encode())[:32]
        return SealedCallback(self._seal.seal(callback.pack()), receiver, callback.tells_progress)

    async def list_deliveries(self, job_id: str, owner: str | None) -> list[dict[str, Any]]:
        """Return the deliveries of a job as callers see them, newest first.

        Raises:
            JobNotFound: there is no such job of this owner.
        """

        def read(connection: sa.Connection) -> list[sa.Row[Any]]:
            get_job(connection, job_id, owner)
            return list_deliveries(connection, job_id)

        rows = await self._database.run(read, patience_s=_PATIENCE_S)
        return [self._describe(row) for row in rows]

    async def replay(self, job_id: str, delivery_id: str, owner: str | None) -> dict[str, Any]:
        """Send a delivery again under its id, in whatever state it is.

        Raises:
            JobNotFound: there is no such job of this owner.
            DeliveryNotFound: the job has no such delivery.
        """

        def write(connection: sa.Connection) -> sa.Row[Any]:
            get_job(connection, job_id, owner)
            return replay_delivery(connection, job_id, delivery_id)

        row = await self._database.run(write, patience_s=_PATIENCE_S)
        self.wake()
        return self._describe(row)

    def _describe(self, row: sa.Row[Any]) -> dict[str, Any]:
        """The address is left out but for its host: it may contain a secret."""
        waits = row.status == "pending" and row.next_try_at > 0
        values = {
            "id": row.delivery_id,
            "type": row.event,
            "status": row.status,
            "host": Callback.open(self._seal.unseal(row.target)).host,
            "created_at": time_text(row.created_at),
            "next_try_at": time_text(row.next_try_at) if waits else None,
            "tries": row.tries,
        }
        return {key: value for key, value in values.items() if value is not None}
