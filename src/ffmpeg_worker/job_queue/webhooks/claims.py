"""Claims deliveries that are due, so that of several processes one sends each, and records the tries.

Times are those of the database's clock, which all processes share. It may jump. A jump forward makes tries due
early, once. A time that was chosen later than now, or a claim that ends later than any may, was written before a
jump back: the delivery counts as due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.job_queue.delivery_store import PROGRESS, read_record
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.tables import deliveries

CLAIM_S = 60.0
"""Seconds after which another process sends what one has claimed; a try takes 15 at most."""
_JUMP_S = 60.0
_MAX_TRIES_KEPT = 50

Clock = Callable[[sa.Connection], float]
"""Returns seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a process may claim.

    Attributes:
        executor: the name of the process.
        total: how many deliveries at most.
        of_receivers: how many at most for receivers, by their digests.
        of_others: how many for each other receiver.
        held: ids of the deliveries that it sends already; other claims of it were lost with a connection.
    """

    executor: str
    total: int
    of_receivers: Mapping[str, int]
    of_others: int
    held: Collection[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this process sends now; `target` is sealed, as is the result in `record`."""

    delivery_id: str
    event: str
    receiver: str
    target: bytes
    record: JobRecord
    attempts: int
    created_at: float
    claimed_until: float


@dataclass(frozen=True, slots=True)
class TryResult:
    """What became of a try.

    Attributes:
        entry: the try as callers see it.
        is_delivered: whether the receiver has accepted it.
        pause_s: seconds until the next try; `None`: there is none.
    """

    entry: Mapping[str, Any]
    is_delivered: bool
    pause_s: float | None


def read_database_clock(connection: sa.Connection) -> float:
    """Return the time of the database; that of SQLite is the machine's."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(sa.text("SELECT date_part('epoch', clock_timestamp())")).scalar_one())


def claim_due(connection: sa.Connection, clock: Clock, room: Room) -> tuple[list[Claim], float | None]:
    """Claim deliveries that are due.

    Returns:
        The claims, and the seconds until a further delivery is due, `None` if there is none.
    """
    now = clock(connection)
    _end_progress(connection, deliveries.c.status == "pending", ~_is_held(deliveries, now))
    left, found = dict(room.of_receivers), list[Claim]()
    is_due = sa.or_(deliveries.c.next_try_at <= now, deliveries.c.scheduled_at > now + _JUMP_S)
    order = deliveries.c.next_try_at, deliveries.c.created_at
    while len(found) < room.total:
        held = [*room.held, *(claim.delivery_id for claim in found)]
        is_free = ~_is_sent(deliveries, now, room.executor, held)
        pending = deliveries.c.status == "pending", is_due, is_free
        is_next = _is_next_of_its_job(now, room.executor, held)
        # Receivers without room are left out, or their deliveries would hide those of others behind them.
        has_room = deliveries.c.receiver.not_in(_full(left))
        query = sa.select(deliveries).where(*pending, is_next, has_room).order_by(*order).limit(room.total)
        number = len(found)
        for row in connection.execute(query).all():
            left.setdefault(row.receiver, room.of_others)
            if left[row.receiver] <= 0 or len(found) == room.total:
                continue
            values = {"claimed_by": room.executor, "claimed_until": now + CLAIM_S}
            this = sa.update(deliveries).where(deliveries.c.delivery_id == row.delivery_id, *pending)
            if connection.execute(this.values(values)).rowcount:
                left[row.receiver] -= 1
                found.append(_to_claim(row, now + CLAIM_S))
        if len(found) == number:
            break
    return found, _seconds_to_next(connection, now, left)


def finish_try(connection: sa.Connection, clock: Clock, executor: str, claim: Claim, result: TryResult) -> bool:
    """Record a try; the state stays as it is if another process has claimed the delivery, or a caller repeats it.

    Returns:
        Whether the delivery has failed for good.
    """
    where = deliveries.c.delivery_id == claim.delivery_id
    row = connection.execute(sa.select(deliveries).where(where).with_for_update()).one_or_none()
    if row is None:
        return False
    values: dict[str, Any] = {}
    if not row.tries or row.tries[-1] != result.entry:  # else recorded before the connection was lost
        values["tries"] = [*row.tries, dict(result.entry)][-_MAX_TRIES_KEPT:]
    is_over = result.is_delivered or result.pause_s is None or _is_overtaken(connection, row)
    is_mine = row.claimed_by == executor and row.claimed_until == claim.claimed_until
    if is_mine:
        now = clock(connection)
        values |= {
            "status": ("delivered" if result.is_delivered else "failed") if is_over else "pending",
            "attempts": row.attempts + 1,
            "scheduled_at": now,
            "next_try_at": now + (result.pause_s or 0.0),
            "claimed_by": None,
            "claimed_until": None,
        }
    if values:
        connection.execute(sa.update(deliveries).where(where).values(values))
    return is_mine and is_over and not result.is_delivered


def release_claims(connection: sa.Connection, executors: Iterable[str]) -> None:
    """Let others send what these processes, which have ended, had claimed."""
    where = deliveries.c.claimed_by.in_(list(executors)), deliveries.c.status == "pending"
    _end_progress(connection, *where)
    connection.execute(sa.update(deliveries).where(*where).values(claimed_by=None, claimed_until=None))


def _to_claim(row: sa.Row[Any], claimed_until: float) -> Claim:
    return Claim(
        delivery_id=row.delivery_id,
        event=row.event,
        receiver=row.receiver,
        target=row.target,
        record=read_record(row),
        attempts=row.attempts,
        created_at=row.created_at,
        claimed_until=claimed_until,
    )


def _is_held(table: Any, now: float) -> sa.ColumnElement[bool]:
    """Whether nobody has claimed a delivery, or somebody has, and the claim has not run out."""
    return sa.or_(
        table.c.claimed_until.is_(None),
        sa.and_(table.c.claimed_until > now, table.c.claimed_until <= now + CLAIM_S + _JUMP_S),
    )


def _is_sent(table: Any, now: float, executor: str, held: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a process sends a delivery now; `held` are those that `executor` sends."""
    is_lost = sa.and_(table.c.claimed_by == executor, table.c.delivery_id.not_in(held))
    return sa.and_(table.c.claimed_until.is_not(None), _is_held(table, now), ~is_lost)


def _is_next_of_its_job(now: float, executor: str, held: Collection[str]) -> sa.ColumnElement[bool]:
    """An end waits for progress that is being sent, and progress is not sent while an end waits."""
    other = deliveries.alias()
    is_end = sa.and_(deliveries.c.event == PROGRESS, other.c.event != PROGRESS)
    return ~(
        sa.select(other.c.delivery_id)
        .where(other.c.job_id == deliveries.c.job_id, other.c.delivery_id != deliveries.c.delivery_id)
        .where(other.c.status == "pending", sa.or_(_is_sent(other, now, executor, held), is_end))
        .exists()
    )


def _is_overtaken(connection: sa.Connection, row: sa.Row[Any]) -> bool:
    """Whether a delivery is progress, and newer progress or the end waits."""
    if row.event != PROGRESS:
        return False
    where = deliveries.c.job_id == row.job_id, deliveries.c.delivery_id != row.delivery_id
    query = sa.select(deliveries.c.delivery_id).where(*where, deliveries.c.status == "pending")
    return connection.execute(query.limit(1)).first() is not None


def _end_progress(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> None:
    """End progress whose process is gone, so that it does not come after what is newer."""
    values = {"status": "failed", "claimed_by": None, "claimed_until": None}
    connection.execute(sa.update(deliveries).where(deliveries.c.event == PROGRESS, *where).values(values))


def _seconds_to_next(connection: sa.Connection, now: float, left: Mapping[str, int]) -> float | None:
    query = sa.select(sa.func.min(deliveries.c.next_try_at)).where(
        deliveries.c.status == "pending",
        deliveries.c.claimed_until.is_(None),
        deliveries.c.receiver.not_in(_full(left)),
    )
    found = connection.execute(query).scalar_one()
    return None if found is None else max(0.0, found - now)


def _full(left: Mapping[str, int]) -> list[str]:
    return [receiver for receiver, number in left.items() if number <= 0]
