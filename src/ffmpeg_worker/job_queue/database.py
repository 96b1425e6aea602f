"""The database of queued jobs: a file for one machine, or PostgreSQL for many."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from ffmpeg_worker.errors import Misconfigured, QueueUnavailable
from ffmpeg_worker.job_queue.sqlite_files import FILE_PRAGMAS
from ffmpeg_worker.job_queue.tables import metadata
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import finish_then_cancel

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

PATIENCE_S = 600.0
"""Seconds that a running job waits for a database that is away, before it gives up."""
OPEN_PATIENCE_S = 30.0
"""Seconds that a process waits at its start: after a reboot the database may come later."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_FULL_PATIENCE_S = 2.0
"""Seconds that a transaction waits for room on the disk: jobs that have failed make some."""
_BUSY_MS = 2000
"""Milliseconds that one try waits for another program that writes the database file."""
IDLE_TRANSACTION_S = 10.0
"""Seconds after which PostgreSQL ends a connection whose worker stands still in the middle of a transaction.

A worker that is paused, or cut off from the network, would keep its locks for as long, and the others could not
take over its jobs: these seconds are fewer than those after which it is taken for dead.
"""
_SCHEMA_LOCK = 7077101


class Database:
    """Runs transactions in threads of its own, and repeats those that lost their connection.

    SQLite has one thread, since it has one writer; PostgreSQL has several.
    """

    def __init__(self, url: str) -> None:
        """`url` is that of SQLAlchemy: `sqlite:///…` or `postgresql+psycopg://…`."""
        self.is_sqlite = url.startswith("sqlite")
        threads = 1 if self.is_sqlite else 4
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_size": threads, "pool_pre_ping": False}
        self.engine = sa.create_engine(url, **options)
        self.path = path_of(url)
        """The file of the database; `None` with PostgreSQL."""
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", _begin_immediate)
        else:
            sa.event.listen(self.engine, "connect", _set_up_postgres)
        self._max_patience_s = float("inf")
        self._has_failed = False
        """Whether the last transaction lost its connection: a database that is only busy is waited for."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="jobs-database")

    async def open(self) -> None:
        """Make the tables that are missing; a server that does not answer yet is waited for.

        Raises:
            Misconfigured: the database cannot be opened.
            QueueUnavailable: its server did not answer for `OPEN_PATIENCE_S`.
        """
        give_up_at = time.monotonic() + OPEN_PATIENCE_S
        try:
            while True:
                try:
                    return await self._in_thread(_create_tables, float("inf"))
                except DBAPIError as error:
                    is_locked = "locked" in str(error.orig)  # another program writes the file
                    may_come = is_locked if self.is_sqlite else _is_away(error)
                    if not may_come or time.monotonic() > give_up_at:
                        raise
                    log(logging.WARNING, "the database of queued jobs does not answer yet", detail=str(error.orig))
                    await asyncio.sleep(_LONGEST_PAUSE_S if not self.is_sqlite else _FIRST_PAUSE_S)
        except (DBAPIError, OSError) as error:
            if self.is_sqlite or isinstance(error, OSError) or not _is_away(error):
                raise _unusable(error) from None
            raise _unavailable(error) from None

    async def close(self) -> None:
        """Close all connections; a transaction that runs is finished first."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()

    async def run(self, work: Work[T], *, patience_s: float = PATIENCE_S) -> T:
        """Run `work` in a transaction; it may be repeated when the connection is lost, so it must be idempotent.

        Raises:
            QueueUnavailable: the database was away for longer than `patience_s`.
        """
        began, pause = time.monotonic(), _FIRST_PAUSE_S
        while True:
            try:
                return await self._in_thread(work, began + patience_s)
            except DBAPIError as error:
                if not _is_away(error):
                    raise
                most_s = min(patience_s, self._max_patience_s, _FULL_PATIENCE_S if _is_full(error) else patience_s)
                if time.monotonic() + pause - began > most_s:
                    raise _unavailable(error) from None
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    def limit_patience(self, patience_s: float) -> None:
        """Let everyone give up after `patience_s`, also those that wait already: the worker ends."""
        self._max_patience_s = patience_s

    async def _in_thread(self, work: Work[T], give_up_at: float) -> T:
        """A transaction that has begun is awaited even if the caller is cancelled: it may have been committed."""
        loop = asyncio.get_running_loop()
        return await finish_then_cancel(
            loop.run_in_executor(self._threads, partial(self._transact, work, give_up_at))
        )

    def _transact(self, work: Work[T], give_up_at: float) -> T:
        if self._has_failed and time.monotonic() > give_up_at:  # others have waited in vain before this one
            raise QueueUnavailable("The database of queued jobs does not answer.", hint="Try again later.")
        try:
            with self.engine.begin() as connection:
                result = work(connection)
        except DBAPIError as error:
            self._has_failed |= _is_away(error)
            raise
        self._has_failed = False
        return result


def _unusable(error: Exception) -> Misconfigured:
    return Misconfigured(
        "The database of queued jobs cannot be opened.",
        hint="Check FFMPEG_WORKER_DATABASE_URL and FFMPEG_WORKER_STATE_ROOT.",
        detail=str(error),
    )


def _is_away(error: DBAPIError) -> bool:
    """Whether the database could not be asked; PostgreSQL's end of a session is an `InternalError`."""
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def _is_full(error: DBAPIError) -> bool:
    return "disk is full" in str(error.orig)  # SQLITE_FULL


def _unavailable(error: DBAPIError) -> QueueUnavailable:
    if _is_full(error):
        message, hint = (
            "The disk of the database of queued jobs is full.",
            "Try again later; if it stays, add disk.",
        )
    else:
        message, hint = "The database of queued jobs does not answer.", "Try again later."
    return QueueUnavailable(message, hint=hint, detail=str(error.orig))


def path_of(url: str) -> Path | None:
    """Return the file that a URL names; `None` for that of a server."""
    parsed = sa.make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database is not None
    return Path(str(parsed.database)) if is_file else None


def sqlite_url(path: Path) -> str:
    """Return the URL of a database file."""
    return f"sqlite:///{path}"


def _create_tables(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Workers that start together would make the same table at once, which PostgreSQL refuses.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    metadata.create_all(connection)


def _set_up_sqlite(connection: PoolProxiedConnection, _record: Any) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions are begun by us
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", *FILE_PRAGMAS, "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_postgres(connection: PoolProxiedConnection, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {int(IDLE_TRANSACTION_S * 1000)}")
    cursor.close()
    connection.commit()  # the pool rolls back what is not committed, and the setting with it


def _begin_immediate(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later would fail where another process writes in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
