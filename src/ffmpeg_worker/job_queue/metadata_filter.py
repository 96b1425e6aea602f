"""Finds jobs by their metadata."""

from __future__ import annotations

import sqlalchemy as sa

from ffmpeg_worker.job_queue.tables import jobs

_POSTGRES_TYPES = ("string", "number", "boolean")


def metadata_has(dialect: str, key: str, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that the metadata of a job have a text, number or truth value under a top-level key.

    Numbers and truth values are compared as JSON writes them: `17`, `true`. The key may be any text: SQLite's
    paths cannot name keys with quotes, so its keys are compared one by one.
    """
    if dialect == "postgresql":
        value = jobs.c.metadata.op("->", return_type=sa.JSON)(sa.literal(key, sa.Text))
        plain = jobs.c.metadata.op("->>", return_type=sa.Text)(sa.literal(key, sa.Text))
        return sa.and_(sa.func.json_typeof(value).in_(_POSTGRES_TYPES), plain == text)
    each = sa.func.json_each(jobs.c.metadata).table_valued("key", "type", "atom").alias("entry")
    shown = sa.case(
        (each.c.type.in_(("true", "false")), each.c.type),
        (each.c.type.in_(("text", "integer", "real")), sa.cast(each.c.atom, sa.Text)),
    )
    found = sa.select(sa.literal(1)).select_from(each).where(each.c.key == key, shown == text)
    return sa.exists(found.correlate(jobs))
