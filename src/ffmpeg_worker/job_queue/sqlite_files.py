"""Database files of SQLite: their properties, and the space that deleted rows leave in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_MAX_LOG_BYTES = 16 << 20
_PAGES_AT_ONCE = 500
_BUSY_TIMEOUT_S = 5.0

FILE_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",  # can only be chosen before anything else is written
    "journal_mode=WAL",
    f"journal_size_limit={_MAX_LOG_BYTES}",
)
"""Properties that every connection sets."""


def shrink_file(path: Path) -> None:
    """Return the free pages of a database file to the disk, in pieces, so that others can write in between.

    It blocks, and ends early where others keep the file busy.
    """
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        for pragma in FILE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        left = _count_free_pages(connection)
        while left:
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
            before, left = left, _count_free_pages(connection)
            if left >= before:
                return
        # The file itself becomes shorter when its log is written back.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _count_free_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])
