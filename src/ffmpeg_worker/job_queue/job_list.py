"""Lists queued jobs by filters, page by page."""

from __future__ import annotations

import sqlalchemy as sa

from ffmpeg_worker.job_queue.job_record import JobFilter, JobPage
from ffmpeg_worker.job_queue.job_store import COLUMNS, to_record
from ffmpeg_worker.job_queue.metadata_filter import metadata_has
from ffmpeg_worker.job_queue.tables import jobs

_LISTED = [column if column.name != "result" else sa.null().label("result") for column in COLUMNS]


def list_jobs(connection: sa.Connection, wanted: JobFilter, *, before: int | None, limit: int) -> JobPage:
    """Return a page of jobs, newest first; `before` is the cursor of the page before, as a number."""
    conditions = _conditions(wanted, connection.dialect.name)
    query = sa.select(*_LISTED).where(*conditions).order_by(jobs.c.number.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(jobs.c.number < before)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    return JobPage([to_record(row) for row in rows[:limit]], str(rows[limit - 1].number) if more else None)


def _conditions(wanted: JobFilter, dialect: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [jobs.c.parent_id.is_not_distinct_from(wanted.parent_id)]
    if wanted.owner is not None:
        found.append(jobs.c.owner == wanted.owner)
    if wanted.statuses:
        found.append(jobs.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.action is not None:
        found.append(jobs.c.action == wanted.action)
    if wanted.created_from is not None:
        found.append(jobs.c.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        found.append(jobs.c.created_at < wanted.created_before)
    found += [metadata_has(dialect, key, text) for key, text in wanted.metadata.items()]
    return found
