"""Stores which webhooks are to be sent; `webhooks/claims.py` stores who sends them, and each try."""

from __future__ import annotations

import dataclasses
import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.errors import DeliveryNotFound
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.tables import deliveries, jobs

PROGRESS = "job.progress"
_MAX_LISTED = 100
_RECORD_FIELDS = frozenset(field.name for field in dataclasses.fields(JobRecord)) - {"result", "sealed_result"}


@dataclass(frozen=True, slots=True)
class SealedCallback:
    """Where the webhooks of a job go, as its record keeps it.

    Attributes:
        sealed: a `Callback`.
        receiver: a digest of its host and port.
        tells_progress: whether progress is told too.
    """

    sealed: bytes
    receiver: str
    tells_progress: bool

    def as_columns(self) -> dict[str, Any]:
        """Return the values of the columns of jobs."""
        return {
            "callback": self.sealed,
            "callback_receiver": self.receiver,
            "tells_progress": self.tells_progress,
        }


def insert_end(connection: sa.Connection, record: JobRecord) -> None:
    """Store the webhook about the end of a job that has a callback; it takes the place of progress that waits."""
    _remove_progress(connection, record.job_id, deliveries.c.status == "pending")
    _insert(connection, record, f"job.{record.status}")


def insert_progress(connection: sa.Connection, record: JobRecord) -> None:
    """Store the webhook about the progress of a running job; it takes the place of older ones."""
    _remove_progress(connection, record.job_id)
    _insert(connection, record, PROGRESS)


def read_record(row: sa.Row[Any]) -> JobRecord:
    """Return the record of the job at the event of a delivery."""
    # Another version of the worker may have stored fields that this one does not have.
    values = {name: value for name, value in row.record.items() if name in _RECORD_FIELDS}
    return JobRecord(**{**values, "status": JobStatus(values["status"]), "sealed_result": row.result})


def list_deliveries(connection: sa.Connection, job_id: str) -> list[sa.Row[Any]]:
    """Return the newest deliveries of a job, newest first."""
    query = sa.select(deliveries).where(deliveries.c.job_id == job_id)
    newest_first = deliveries.c.created_at.desc(), deliveries.c.delivery_id
    return list(connection.execute(query.order_by(*newest_first).limit(_MAX_LISTED)))


def replay_delivery(connection: sa.Connection, job_id: str, delivery_id: str) -> sa.Row[Any]:
    """Send a delivery again, now and if need be later, under its id; returns it.

    Raises:
        DeliveryNotFound: the job has none with this id.
    """
    where = deliveries.c.job_id == job_id, deliveries.c.delivery_id == delivery_id
    values = {
        "status": "pending",
        "attempts": 0,
        "scheduled_at": 0.0,
        "next_try_at": 0.0,
        "claimed_by": None,  # a try that runs now is recorded, but does not decide any more
        "claimed_until": None,
    }
    if not connection.execute(sa.update(deliveries).where(*where).values(values)).rowcount:
        raise DeliveryNotFound(
            "The job has no such delivery.", hint="GET /api/jobs/{id}/deliveries lists the deliveries of a job."
        )
    return connection.execute(sa.select(deliveries).where(*where)).one()


def _insert(connection: sa.Connection, record: JobRecord, event: str) -> None:
    query = sa.select(jobs.c.callback, jobs.c.callback_receiver).where(jobs.c.job_id == record.job_id)
    callback = connection.execute(query).one()
    values: dict[str, Any] = {
        "delivery_id": f"msg_{secrets.token_urlsafe(18)}",
        "job_id": record.job_id,
        "event": event,
        "receiver": callback.callback_receiver,
        "target": callback.callback,
        "record": {name: getattr(record, name) for name in sorted(_RECORD_FIELDS)},
        "result": record.sealed_result,
        "status": "pending",
        "created_at": time.time(),
    }
    connection.execute(sa.insert(deliveries).values(values))


def _remove_progress(connection: sa.Connection, job_id: str, *where: sa.ColumnElement[bool]) -> None:
    """Remove progress of a job, unless it is being sent."""
    mine = deliveries.c.job_id == job_id, deliveries.c.event == PROGRESS, deliveries.c.claimed_until.is_(None)
    connection.execute(sa.delete(deliveries).where(*mine, *where))
