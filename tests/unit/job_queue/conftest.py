"""A database file for tests of the queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ffmpeg_worker.job_queue.database import Database, sqlite_url


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "jobs.db"))
    await opened.open()
    yield opened
    await opened.close()
