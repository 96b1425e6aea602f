"""Stores what the steps of running jobs have done, so that a later attempt does not repeat them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ffmpeg_worker.job_queue.attempt_store import check_attempt
from ffmpeg_worker.job_queue.tables import steps


def write_steps(connection: sa.Connection, job_id: str, token: str, records: Mapping[str, bytes]) -> None:
    """Write the sealed records of steps by name, in place of earlier ones.

    Raises:
        JobReplaced: another attempt has taken the place of the one with this token.
    """
    check_attempt(connection, job_id, token)
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(steps)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["job_id", "name"], set_={"record": insert.excluded.record}),
        [{"job_id": job_id, "name": name, "record": record} for name, record in records.items()],
    )
