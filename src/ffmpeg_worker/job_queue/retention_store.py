"""Finds and deletes what is kept no longer of queued jobs; every function is one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import FINAL
from ffmpeg_worker.job_queue.job_store import OPEN
from ffmpeg_worker.job_queue.tables import deliveries, jobs, logs, steps, sweeps

SUSPICIOUS_S = 86400.0
"""A clock that has moved further than this since the last sweep may have jumped."""
HOLD_S = 6 * 3600.0
"""Seconds for which nothing is removed after such a jump, so that an operator or a time server can correct it."""

_IS_FINAL = jobs.c.status.in_([status.value for status in FINAL])


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that this process may carry out.

    Attributes:
        now: the time, in seconds since 1970.
        gap_s: seconds since the last one, where they are suspiciously many.
        is_held: whether nothing may be removed yet.
    """

    now: float
    gap_s: float | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class ExpiredJob:
    """A job whose record may go; `runs` counts its entries in the engine's queue."""

    job_id: str
    runs: int


def claim_sweep(
    connection: sa.Connection, name: str, interval_s: float, clock: Callable[[], float] | None
) -> Sweep | None:
    """Begin a sweep, unless another process has begun it less than `interval_s` ago.

    The time is that of `clock`, by default that of the database server: all workers have the same.
    """
    now = _read_clock(connection) if clock is None else clock()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(sweeps).values(name=name, swept_at=now, held_until=0.0).on_conflict_do_nothing()
    if connection.execute(new.returning(sweeps.c.name)).one_or_none() is not None:
        return Sweep(now, None, is_held=False)
    row = connection.execute(sa.select(sweeps).where(sweeps.c.name == name).with_for_update()).one()
    gap = now - row.swept_at
    if 0 <= gap < interval_s:
        return None
    is_suspicious = gap > SUSPICIOUS_S
    held_until = now + HOLD_S if is_suspicious else row.held_until
    connection.execute(sa.update(sweeps).where(sweeps.c.name == name).values(swept_at=now, held_until=held_until))
    # A hold of the time before the clock was set back is over.
    return Sweep(now, gap if is_suspicious else None, is_held=now < held_until <= now + HOLD_S)


def expire_outputs(connection: sa.Connection, ended_before: float, limit: int) -> int:
    """Mark the outputs of jobs that ended before a time as removed; returns the number of jobs.

    They are removed after that, by a worker that has their disk, so that no record promises what is gone.
    """
    expired = [
        _IS_FINAL,
        jobs.c.ended_at < ended_before,
        jobs.c.outputs_place.is_not(None),
        jobs.c.outputs_removed.is_(sa.false()),
    ]
    found = sa.select(jobs.c.number).where(*expired).order_by(jobs.c.ended_at).limit(limit)
    numbers = list(connection.execute(found).scalars())
    change = sa.update(jobs).where(jobs.c.number.in_(numbers), *expired)
    return connection.execute(change.values(outputs_removed=True, revision=jobs.c.revision + 1)).rowcount


def find_expired_jobs(connection: sa.Connection, ended_before: float, limit: int) -> list[ExpiredJob]:
    """Return jobs that ended before a time, oldest first; those of which a webhook is still to be sent stay."""
    query = sa.select(jobs.c.job_id, jobs.c.run).where(*_expired(ended_before)).order_by(jobs.c.ended_at)
    return [ExpiredJob(row.job_id, row.run) for row in connection.execute(query.limit(limit))]


def delete_jobs(connection: sa.Connection, job_ids: Collection[str], ended_before: float) -> int:
    """Delete records that are still expired, with their logs and deliveries; returns their number."""
    expired = sa.select(jobs.c.job_id).where(jobs.c.job_id.in_(job_ids), *_expired(ended_before))
    found = list(connection.execute(expired.with_for_update()).scalars())
    for table in (logs, steps, deliveries, jobs):
        connection.execute(sa.delete(table).where(table.c.job_id.in_(found)))
    return len(found)


def find_kept_folders(connection: sa.Connection, job_ids: Sequence[str], place: str) -> dict[str, bool]:
    """Return the jobs that have a record, and whether their folder at `place` is in use or holds outputs."""
    query = sa.select(jobs.c.job_id, _keeps_folder(place)).where(jobs.c.job_id.in_(job_ids))
    return {row[0]: bool(row[1]) for row in connection.execute(query)}


def set_folders_aside(connection: sa.Connection, job_ids: Sequence[str], folders: JobFolders) -> int:
    """Take those folders of jobs away in which nothing is kept; returns their number.

    The records are locked meanwhile, so that no job can be repeated, and begin to work in its folder.
    """
    query = sa.select(jobs.c.job_id, _keeps_folder(folders.place)).where(jobs.c.job_id.in_(job_ids))
    kept = {row[0] for row in connection.execute(query.with_for_update()) if row[1]}
    return sum(folders.set_aside(job_id) for job_id in job_ids if job_id not in kept)


def _expired(ended_before: float) -> list[sa.ColumnElement[bool]]:
    pending = sa.exists().where(deliveries.c.job_id == jobs.c.job_id, deliveries.c.status == "pending")
    return [_IS_FINAL, jobs.c.ended_at < ended_before, sa.not_(pending)]


def _keeps_folder(place: str) -> sa.ColumnElement[Any]:
    has_outputs = sa.and_(jobs.c.outputs_place == place, jobs.c.outputs_removed.is_(sa.false()))
    return sa.or_(jobs.c.status.in_(OPEN), sa.func.coalesce(has_outputs, sa.false()))


def _read_clock(connection: sa.Connection) -> float:
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
