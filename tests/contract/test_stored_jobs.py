"""Records of jobs are found, cancelled and counted the same way in a file and in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, JobNotFound
from ffmpeg_worker.job_queue.attempt_store import begin_attempt, give_back
from ffmpeg_worker.job_queue.job_record import JobFilter, JobStatus
from ffmpeg_worker.job_queue.job_store import count_waiting, request_cancel
from support.jobs.stored_jobs import StoredJobs, open_stored_jobs

DATABASES = ("sqlite", "postgresql")
ODD_KEYS = (
    "order",
    "a.b",
    'quo"te',
    "quo'te",
    "$",
    "$.a",
    "[0]",
    "",
    " ",
    "a\\b",
    "ключ",
    "🎬",
    "%",
    "a\nb",
    "x" * 500,
)


@pytest.fixture(params=DATABASES)
async def stored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoredJobs]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database().replace("postgresql:", "postgresql+psycopg:")
    async with open_stored_jobs(tmp_path, url) as opened:
        yield opened


async def ids(stored: StoredJobs, **wanted: Any) -> list[str]:
    return [job.job_id for job in (await stored.queue.list(JobFilter(**wanted), limit=200)).jobs]


async def test_metadata_with_any_key_are_found(stored: StoredJobs) -> None:
    await stored.add(metadata=dict.fromkeys(ODD_KEYS, "other"))
    wanted = await stored.add(metadata={key: f"value of {key}" for key in ODD_KEYS})
    await stored.add()
    for key in ODD_KEYS:
        assert await ids(stored, metadata={key: f"value of {key}"}) == [wanted.job_id], key
        assert await ids(stored, metadata={key: "nothing"}) == [], key
    both = {"order": "value of order", "a.b": "value of a.b"}
    assert await ids(stored, metadata=both) == [wanted.job_id]
    assert await ids(stored, metadata={**both, "$": "other"}) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(17, "17"), (-3, "-3"), (1.5, "1.5"), (True, "true"), (False, "false"), ("", ""), ("é🎬'\"%", "é🎬'\"%")],
)
async def test_metadata_are_compared_as_json_writes_them(stored: StoredJobs, value: Any, text: str) -> None:
    job = await stored.add(metadata={"key": value, "list": [value], "object": {"key": value}, "null": None})
    assert await ids(stored, metadata={"key": text}) == [job.job_id]
    assert await ids(stored, metadata={"key": f"{text} "}) == []
    for other in ("list", "object", "null", "missing"):
        assert await ids(stored, metadata={other: text}) == []
        assert await ids(stored, metadata={other: "null"}) == []


async def test_other_filters(stored: StoredJobs) -> None:
    first = await stored.add(owner="one", action="probe")
    second = await stored.add(owner="two")
    await stored.end(second, JobStatus.CANCELLED)
    piece = await stored.add(owner="one", parent_id=first.job_id)
    assert await ids(stored) == [second.job_id, first.job_id]
    assert await ids(stored, owner="one") == [first.job_id]
    assert await ids(stored, action="probe") == [first.job_id]
    assert await ids(stored, statuses=[JobStatus.QUEUED]) == [first.job_id]
    assert await ids(stored, statuses=[JobStatus.QUEUED, JobStatus.CANCELLED]) == [second.job_id, first.job_id]
    assert await ids(stored, created_from=second.created_at) == [second.job_id]
    assert await ids(stored, created_before=second.created_at) == [first.job_id]
    assert await ids(stored, parent_id=first.job_id) == [piece.job_id]


async def test_pages_hold_every_job_once_while_others_arrive(stored: StoredJobs) -> None:
    jobs = [(await stored.add()).job_id for _ in range(7)]
    seen, cursor = [], None
    while True:
        page = await stored.queue.list(JobFilter(), cursor=cursor, limit=3)
        seen += [job.job_id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
        await stored.add()
    assert seen == jobs[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "9" * 19, "9" * 5000, "²", "\uff11", "1\0"])
async def test_a_cursor_of_no_page_is_refused(stored: StoredJobs, cursor: str) -> None:
    with pytest.raises(InvalidJob, match="cursor"):
        await stored.queue.list(JobFilter(), cursor=cursor)


@pytest.mark.parametrize("job_id", ["", "\0", "a\0", "é🎬", "'; --", "x" * 100_000])
async def test_an_id_of_no_job_is_not_found(stored: StoredJobs, job_id: str) -> None:
    for ask in (stored.queue.get, stored.queue.retry, stored.queue.read_log):
        with pytest.raises(JobNotFound):
            await ask(job_id, "owner")


async def test_a_job_that_begins_while_it_is_cancelled_sees_it(stored: StoredJobs) -> None:
    """Whichever of both comes first, the job does not run on."""
    database = stored.queue.database
    for _ in range(20):
        job = await stored.add()
        begin = partial(begin_attempt, job_id=job.job_id, executor="worker", token="token")
        cancel = partial(request_cancel, job_id=job.job_id, owner=None)
        await asyncio.gather(database.run(begin), database.run(cancel))
        assert (await stored.queue.get(job.job_id)).status is JobStatus.CANCELLING


async def test_a_job_that_is_given_back_stays_cancelled(stored: StoredJobs) -> None:
    job = await stored.add()
    attempt = await stored.begin(job)
    await stored.queue.database.run(partial(request_cancel, job_id=job.job_id, owner=None))
    await stored.queue.database.run(partial(give_back, job_id=job.job_id, token=attempt.token))
    assert (await stored.queue.get(job.job_id)).status is JobStatus.CANCELLING


async def test_limits_count_waiting_jobs_of_an_owner_and_of_all(stored: StoredJobs) -> None:
    first = await stored.add(owner="one")
    await stored.add(owner="two")
    await stored.add(owner="one", parent_id=first.job_id)

    async def count(owner: str | None = None, at_most: int = 9) -> int:
        return await stored.queue.database.run(partial(count_waiting, owner=owner, at_most=at_most))

    assert (await count(), await count(at_most=1), await count("one")) == (2, 1, 1)
    await stored.begin(first)
    assert await count("one") == 0


async def test_numbers_of_the_queue(stored: StoredJobs, request: pytest.FixtureRequest) -> None:
    waiting = await stored.add()
    await stored.begin(await stored.add())
    await stored.end(await stored.add(), JobStatus.FAILED)
    stats = await stored.queue.read_stats()
    assert stats.database == request.node.callspec.params["stored"]
    assert {status: count for status, count in stats.by_status.items() if count} == {
        JobStatus.QUEUED: 1,
        JobStatus.RUNNING: 1,
        JobStatus.FAILED: 1,
    }
    assert stats.oldest_waiting_s >= 0
    assert (stats.workers, stats.slots) == (0, 0)
    await stored.end(waiting, JobStatus.CANCELLED)
    assert (await stored.queue.read_stats()).oldest_waiting_s == 0
