"""Stores what the steps of running jobs have done, so that a later attempt does not repeat them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ffmpeg_worker.job_queue.job_store import check_attempt
from ffmpeg_worker.job_queue.tables import steps


def read_steps(connection: sa.Connection, job_id: str) -> dict[str, bytes]:
    """Return the sealed records of a job's steps, by name."""
    query = sa.select(steps.c.name, steps.c.record).where(steps.c.job_id == job_id)
    return {row.name: row.record for row in connection.execute(query)}


def write_step(connection: sa.Connection, job_id: str, token: str, name: str, record: bytes) -> None:
    """Write the sealed record of a step, in place of an earlier one.

    Raises:
        JobReplaced: another attempt has taken the place of the one with this token.
    """
    check_attempt(connection, job_id, token)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(steps).values(job_id=job_id, name=name, record=record)
    connection.execute(statement.on_conflict_do_update(index_elements=["job_id", "name"], set_={"record": record}))
