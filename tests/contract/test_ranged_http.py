"""The contract of sources that are read by range, on a web server that misbehaves."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import DiskFull, SourceTooLarge, WorkerError
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage import transfer
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.ranged import range_transfer
from ffmpeg_worker.storage.ranged.open_ranged import RangedInputs
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.ranged.read_ahead import Wanted
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.socket_copy import Turn, copy_from_socket
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.processes import open_descriptors
from support.servers.ranged_web import CUT_BYTES, TOKEN, RangedWeb, content, open_ranged_web
from support.wait_until import until_async

KIB, MIB = 1 << 10, 1 << 20
SIZE = 24 * MIB + 77
OUTBOUND = OutboundClient(OutboundRules(allow_http=True, allow_cidrs=(ip_network("127.0.0.1"),)))
LIMITS = DownloadLimits(1 << 40, retries=2, backoff_s=0.01)


@pytest_asyncio.fixture
async def web() -> AsyncIterator[RangedWeb]:
    async with open_ranged_web(SIZE) as opened:
        yield opened


class Worker:
    """A worker whose jobs have their own folders and share a cache."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.limits = LIMITS
        self.is_on = True
        self.cache = DownloadCache(root / "cache", 1 << 30, min_free_bytes=0)
        self.jobs = 0
        self.opened: list[RangedFile] = []

    def job(self) -> tuple[RemoteSource, Path]:
        """The sources and the folder of a new job."""
        self.jobs += 1
        folder = self.root / f"job-{self.jobs}"
        folder.mkdir()
        remote = HttpSource(OUTBOUND, self.limits)
        return RemoteSource(remote, self.cache, RangedInputs(self.limits, self.is_on)), folder

    async def try_to_open(
        self, web: RangedWeb, query: str = "", meter: TransferMeter | None = None, **given: object
    ) -> RangedFile | None:
        sources, folder = self.job()
        source = FileSource.model_validate({"url": f"{web.url}/film.mp4{query}", **given})
        opened = await sources.open_ranged(source, folder, folder, meter or TransferMeter())
        self.opened += [] if opened is None else [opened]
        return opened

    async def open(self, web: RangedWeb, query: str = "", meter: TransferMeter | None = None) -> RangedFile:
        opened = await self.try_to_open(web, query, meter)
        assert opened is not None
        return opened


@pytest_asyncio.fixture
async def worker(tmp_path: Path, web: RangedWeb) -> AsyncIterator[Worker]:
    made = Worker(tmp_path)
    yield made
    for file in made.opened:
        await file.close()
    made.cache.blocks.close()


async def read(file: RangedFile, start: int, length: int) -> None:
    """Read as a process does, and compare with the source."""
    reader = file.open_reader()
    for at in range(start, start + length, 64 * KIB):
        if not reader.has(at, 64 * KIB):
            await reader.fetch(at, 64 * KIB)
        assert reader.has(at, 64 * KIB)
    reader.close()
    descriptor = file.open_descriptor()
    found = os.pread(descriptor, length, start)
    os.close(descriptor)
    assert found == content(start, min(start + length, file.size))


async def failure(file: RangedFile, start: int = 12 * MIB, length: int = 1000) -> WorkerError:
    """The error of a read."""
    with pytest.raises(WorkerError) as caught:
        await file.open_reader().fetch(start, length)
    assert file.problem is not None
    assert file.problem.code == caught.value.code
    assert "secret" not in str(caught.value.as_problem())
    assert '"film.mp4"' in caught.value.message or "film.mp4" in caught.value.message
    return caught.value


async def test_every_range_follows_redirects(worker: Worker, web: RangedWeb) -> None:
    web.fault = lambda _number: "follow"
    file = await worker.open(web)
    await read(file, 12 * MIB, 1000)
    assert [bool(request.query) for request in web.requests] == [False, True, False, True]
    assert web.connections == 1
    await file.close()


async def test_many_jobs_read_at_random_while_the_server_fails(worker: Worker, web: RangedWeb) -> None:
    chance = random.Random(7)
    faults = ["", "", "", "503", "cut"]
    web.fault = lambda _number: chance.choice(faults)
    worker.limits = DownloadLimits(1 << 40, retries=30, backoff_s=0.0005)

    async def job(seed: int) -> None:
        own = random.Random(seed)
        file = await worker.open(web)
        for _ in range(6):
            await read(file, own.randrange(SIZE), own.randrange(1, 3 * MIB))
        if own.random() < 0.5:  # some end while they read
            reading = asyncio.ensure_future(file.open_reader().fetch(own.randrange(SIZE), MIB))
            await asyncio.sleep(0)
            await file.close()
            await asyncio.gather(reading, return_exceptions=True)
        await file.close()

    await asyncio.gather(*(job(seed) for seed in range(8)))
    file = await worker.open(web)
    await read(file, 0, SIZE)
    assert not file._file._waiters
    await file.close()
    assert file._file.transfers == []


async def test_any_bytes_can_be_read(worker: Worker, web: RangedWeb) -> None:
    meter = TransferMeter()
    file = await worker.open(web, meter=meter)
    assert (file.size, file.name, file.path.stat().st_size) == (SIZE, "input.mp4", SIZE)
    await read(file, 20 * MIB, 1000)
    await read(file, SIZE - 5, 100)
    assert file.open_reader().has(SIZE, 10)
    assert file.path.stat().st_blocks * 512 < 2 * MIB
    assert meter.done == file.fetched_bytes == web.sent < 2 * MIB
    places = random.Random(1)
    for _ in range(20):
        await read(file, places.randrange(SIZE), places.randrange(1, MIB))
    await read(file, 0, SIZE)
    assert meter.done == file.fetched_bytes == web.sent == SIZE
    await file.close()
    assert web.connections <= 3


async def test_reading_on_takes_few_requests_and_fetches_each_byte_once(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    await read(file, 0, SIZE)
    assert sorted(web.ranges) == _joined(web.ranges)
    assert len(web.ranges) < 25
    assert {request.headers.get("If-Range") for request in web.requests[1:]} == {'"v1"'}
    await file.close()


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges in order, each of which begins where the one before ends."""
    ordered = sorted(ranges)
    assert [start for start, _ in ordered] == [0, *(end for _, end in ordered[:-1])]
    return ordered


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({"ETag": 'W/"v1"'}, ""),
        ({}, ""),
        ({"Last-Modified": "Mon, 01 Jan 2024 00:00:30 GMT", "Date": "Mon, 01 Jan 2024 00:01:00 GMT"}, ""),
        ({"Last-Modified": "nonsense GMT"}, ""),
        ({"ETag": '"v1"'}, "416"),
        ({"ETag": '"v1"'}, "other-range"),
        ({"ETag": '"v1"'}, "no-range"),
        ({"ETag": '"v1"'}, "compressed"),
        ({"ETag": '"v1"'}, "page"),
    ],
)
async def test_other_sources_are_downloaded_whole(
    worker: Worker, web: RangedWeb, headers: dict[str, str], fault: str
) -> None:
    web.headers, web.fault = headers, lambda _number: fault
    assert await worker.try_to_open(web) is None
    assert len(web.requests) == 1
    assert list((worker.root / "job-1").iterdir()) == []


@pytest.mark.parametrize("etag", ['"v1"', None])
async def test_a_server_without_ranges_is_asked_once(
    worker: Worker, web: RangedWeb, etag: str | None, tmp_path: Path
) -> None:
    web.size, web.fault, web.headers = 9 * MIB, lambda _number: "200", {"ETag": etag} if etag else {}
    sources, folder = worker.job()
    source = FileSource(url=f"{web.url}/film.mp4")
    (hidden := tmp_path / "hidden").mkdir()
    meter = TransferMeter()
    assert await sources.open_ranged(source, folder, hidden, meter) is None
    path = await sources.fetch(source, folder, meter)
    assert (path.name, path.read_bytes()) == ("input.mp4", content(0, web.size))
    assert (len(web.requests), meter.done, web.sent) == (1, web.size, web.size)
    assert list(hidden.iterdir()) == []
    assert worker.cache.has(HttpSource(OUTBOUND, LIMITS).identity(source) or "") is bool(etag)


@pytest.mark.parametrize(
    ("fault", "code"), [("page", "source_bad_answer"), ("compressed", "source_bad_answer"), ("", "disk_full")]
)
async def test_a_server_without_ranges_sends_what_cannot_be_used(
    worker: Worker, web: RangedWeb, fault: str, code: str
) -> None:
    web.fault = lambda _number: f"200 {fault}"
    worker.limits = DownloadLimits(1 << 40, min_free_bytes=0 if fault else 1 << 60)
    with pytest.raises(WorkerError) as caught:
        await worker.try_to_open(web)
    assert caught.value.code == code
    assert len(web.requests) == 1
    assert list((worker.root / "job-1").iterdir()) == []


async def test_sources_are_downloaded_whole_if_asked_for(worker: Worker, web: RangedWeb) -> None:
    assert await worker.try_to_open(web, sha256="0" * 64) is None
    worker.is_on = False
    assert await worker.try_to_open(web) is None
    assert web.requests == []


async def test_an_old_date_of_the_last_change_is_a_validator(worker: Worker, web: RangedWeb) -> None:
    changed = "Mon, 01 Jan 2024 00:00:00 GMT"
    web.headers = {"Last-Modified": changed, "ETag": 'W/"weak"'}
    file = await worker.open(web)
    await read(file, 12 * MIB, 1000)
    assert web.requests[1].headers["If-Range"] == changed
    await file.close()


@pytest.mark.parametrize(("size", "requests"), [(1000, 1), (512 * KIB, 1), (5 * MIB, 2)])
async def test_a_small_source_is_downloaded_by_the_requests_that_open_it(
    worker: Worker, web: RangedWeb, size: int, requests: int, tmp_path: Path
) -> None:
    web.size = size
    sources, folder = worker.job()
    source = FileSource(url=f"{web.url}/film.mp4")
    meter = TransferMeter()
    (hidden := tmp_path / "hidden").mkdir()
    assert await sources.open_ranged(source, folder, hidden, meter) is None
    path = await sources.fetch(source, folder, meter)
    assert (path.name, path.read_bytes()) == ("input.mp4", content(0, size))
    assert meter.done == web.sent == size
    assert len(web.requests) <= requests + 1
    later, folder = worker.job()
    web.fault = lambda _number: "304"
    assert await later.open_ranged(source, folder, folder, meter) is None
    assert (await later.fetch(source, folder, meter)).stat().st_ino == path.stat().st_ino
    assert web.requests[-1].headers["If-None-Match"] == '"v1"'


@pytest.mark.parametrize(
    ("fault", "code", "requests"),
    [
        ("other-etag", "source_changed", 1),
        ("other-size", "source_changed", 1),
        ("412", "source_changed", 1),
        ("416", "source_changed", 1),
        ("404", "source_changed", 3),
        ("403", "source_access_expired", 1),
        ("401", "source_access_expired", 1),
        ("503", "source_unreachable", 3),
        ("429", "source_unreachable", 3),
        ("shorter", "source_incomplete_transfer", 3),
        ("200", "source_bad_answer", 1),
        ("other-range", "source_bad_answer", 1),
        ("no-range", "source_bad_answer", 1),
        ("compressed", "source_bad_answer", 1),
        ("redirect", "address_not_allowed", 1),
    ],
)
async def test_faults_of_later_ranges(
    worker: Worker, web: RangedWeb, fault: str, code: str, requests: int
) -> None:
    file = await worker.open(web)
    for place in (20, 4, 8):
        await read(file, place * MIB, 1000)
    before = len(web.requests)
    web.fault = lambda _number: fault
    error = await failure(file, length=1 * MIB)
    assert error.code == code
    retryable = ("source_changed", "source_access_expired", "source_unreachable", "source_incomplete_transfer")
    assert error.retryable == (code in retryable)
    assert len(web.requests) - before == requests
    web.fault = lambda _number: ""
    if code != "source_incomplete_transfer":
        assert not file.open_reader().has(12 * MIB, 1000)
    await read(file, 20 * MIB, 1000)
    await file.close()


async def test_bytes_that_were_not_asked_for_are_dropped(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    web.fault = lambda _number: "longer"
    # The bytes may have been read before the server sends the others.
    [error] = await asyncio.gather(read(file, 12 * MIB, 200 * KIB), return_exceptions=True)
    assert error is None or (isinstance(error, WorkerError) and error.code == "source_bad_answer")
    assert not file._file.present.covers(13 * MIB, 13 * MIB + 1)
    assert file.fetched_bytes <= web.sent
    await file.close()


async def test_a_file_that_was_replaced_is_not_mixed_with_the_old_one(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    web.headers, web.fault = {"ETag": '"v2"'}, lambda _number: "200"
    assert (await failure(file)).code == "source_changed"
    await file.close()
    web.fault = lambda _number: ""
    # Servers whose validators differ look like this: the next attempt downloads the file in one piece.
    assert await worker.try_to_open(web) is None
    worker.cache.blocks._distrusted.clear()
    later = await worker.open(web)
    await read(later, 12 * MIB, 1000)
    assert later.problem is None


async def test_a_busy_server_is_asked_again(worker: Worker, web: RangedWeb) -> None:
    web.fault = lambda number: "503" if number in {1, 3, 4} else ""
    file = await worker.open(web)
    await read(file, 12 * MIB, 1000)
    assert len(web.requests) == 5
    assert file.problem is None
    await file.close()


async def test_a_connection_that_drops_often_goes_on_where_it_was(worker: Worker, web: RangedWeb) -> None:
    web.fault = lambda _number: "cut"
    file = await worker.open(web)
    await file.open_reader().fetch(0, SIZE)
    assert file.fetched_bytes == SIZE
    assert len(web.requests) >= SIZE // CUT_BYTES
    await read(file, 0, SIZE)


async def test_a_server_that_trickles_is_given_up(worker: Worker, web: RangedWeb) -> None:
    worker.limits = DownloadLimits(1 << 40, min_bytes_per_s=1e9, window_s=0.2, retries=1, backoff_s=0.01)
    file = await worker.open(web)
    web.fault = lambda _number: "trickle"
    assert (await failure(file, length=4 * MIB)).code == "source_incomplete_transfer"
    await file.close()


async def test_missing_and_forbidden_sources(worker: Worker, web: RangedWeb) -> None:
    for status, code in ((404, "source_not_found"), (403, "source_forbidden"), (503, "source_unreachable")):
        web.fault = lambda _number, status=status: str(status)  # type: ignore[misc]
        with pytest.raises(WorkerError) as caught:
            await worker.open(web)
        assert caught.value.code == code


async def test_twenty_jobs_at_once_fetch_each_block_once(worker: Worker, web: RangedWeb) -> None:
    async def job(number: int) -> RangedFile:
        file = await worker.open(web, f"?X-Amz-Signature={number}&X-Amz-Date=1")
        for place in (20, 4, 12):
            await read(file, place * MIB, 300 * KIB)
        return file

    files = await asyncio.gather(*(job(number) for number in range(20)))
    assert web.ranges.count((0, 1)) == 19
    first_bytes = 19  # they prove the access
    assert sum(file.fetched_bytes for file in files) == files[0]._file.present.total() + first_bytes
    assert sum(file.reused_bytes > 0 for file in files) >= 19
    assert len({request.query["X-Amz-Signature"] for request in web.requests}) == 20
    await asyncio.gather(*(file.close() for file in files))


async def test_a_later_job_reads_what_an_earlier_one_fetched(worker: Worker, web: RangedWeb) -> None:
    first = await worker.open(web)
    await read(first, 12 * MIB, 100 * KIB)
    await first.close()
    later = await worker.open(web)
    await read(later, 12 * MIB, 100 * KIB)
    assert later.fetched_bytes == 1
    assert later.reused_bytes == 100 * KIB - 100 * KIB % (64 * KIB) + 64 * KIB
    await later.close()


async def test_five_pictures_cost_little_more_than_one(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    await read(file, 12 * MIB, MIB)
    one = len(web.ranges)
    for _ in range(4):
        await read(file, 12 * MIB, MIB)
    assert len(web.ranges) == one
    await file.close()


async def test_a_job_without_access_gets_no_cached_blocks(worker: Worker, web: RangedWeb) -> None:
    web.is_private = True
    allowed = await worker.try_to_open(web, headers={"Authorization": TOKEN})
    assert allowed is not None
    for headers in ({}, {"Authorization": "Bearer guess"}):
        with pytest.raises(WorkerError) as caught:
            await worker.try_to_open(web, headers=headers)
        assert caught.value.code == "source_forbidden"
    await allowed.close()


async def test_closing_ends_requests_and_waiting_reads(worker: Worker, web: RangedWeb) -> None:
    tasks, descriptors = len(asyncio.all_tasks()), open_descriptors()
    file = await worker.open(web)
    web.fault = lambda _number: "held"
    waiting = asyncio.ensure_future(file.open_reader().fetch(12 * MIB, 1000))
    await asyncio.wait_for(web.holding.wait(), 5)
    await file.close()
    await file.close()
    with pytest.raises(WorkerError):
        await asyncio.wait_for(waiting, 5)
    assert file.open_reader().has(0, 1000)
    worker.cache.blocks.close()
    web.holding.clear()
    await until_async(lambda: open_descriptors() <= descriptors + 3)  # the server's own ends
    assert len([task for task in asyncio.all_tasks() if "RangeTransfer" in repr(task)]) == 0
    assert len(asyncio.all_tasks()) <= tasks + 4


async def test_a_cancelled_read_leaves_the_file_usable(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    web.fault = lambda number: "held" if number == 2 else ""
    waiting = asyncio.ensure_future(file.open_reader().fetch(12 * MIB, 1000))
    await asyncio.wait_for(web.holding.wait(), 5)
    waiting.cancel()
    await asyncio.wait([waiting])
    await read(file, 20 * MIB, 1000)
    assert file.problem is None
    await file.close()


async def test_a_job_goes_on_when_the_one_that_fetched_for_it_ends(worker: Worker, web: RangedWeb) -> None:
    first, second = await worker.open(web), await worker.open(web)
    web.fault = lambda number: "held" if number == 3 else ""
    fetching = asyncio.ensure_future(first.open_reader().fetch(12 * MIB, 1000))
    await asyncio.wait_for(web.holding.wait(), 5)
    waiting = asyncio.ensure_future(read(second, 12 * MIB, 1000))
    await asyncio.sleep(0)
    assert len(web.requests) == 3
    await first.close()
    await asyncio.wait_for(waiting, 5)
    await asyncio.gather(fetching, return_exceptions=True)
    await second.close()


async def test_a_stream_is_not_ended_by_a_read_at_the_end(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    reader = file.open_reader()
    for at in range(0, SIZE, 64 * KIB):
        if not reader.has(at, 64 * KIB):
            await reader.fetch(at, 64 * KIB)
        if at % (4 * MIB) == 0:
            await reader.fetch(SIZE - 100, 100)
    assert web.sent == file.fetched_bytes == SIZE
    assert web.connections <= 4
    await file.close()


async def test_limits_count_what_was_fetched(worker: Worker, web: RangedWeb) -> None:
    web.size = 300 << 30
    worker.limits = DownloadLimits(4 * MIB, retries=0)
    file = await worker.open(web)
    await read(file, web.size - 1000, 1000)
    assert file.path.stat().st_blocks * 512 < MIB
    with pytest.raises(SourceTooLarge):
        await file.open_reader().fetch(100 << 30, 5 * MIB)
    await file.close()


async def test_a_request_whose_reader_stops_is_ended_and_followed_by_another(
    worker: Worker, web: RangedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause, ended = range_transfer.RangeTransfer._pause, []

    async def pause_briefly(transfer: range_transfer.RangeTransfer) -> bool:
        goes_on = await pause(transfer)
        if not goes_on:
            ended.append(transfer)
        return goes_on

    monkeypatch.setattr(range_transfer, "_IDLE_S", 0.01)
    monkeypatch.setattr(range_transfer.RangeTransfer, "_pause", pause_briefly)
    file = await worker.open(web)
    reader = file.open_reader()

    async def read_on(start: int, stop: int) -> None:
        for at in range(start, stop, 64 * KIB):
            if not reader.has(at, 64 * KIB):
                await reader.fetch(at, 64 * KIB)

    await read_on(0, 8 * MIB)
    fetched, requests = file.fetched_bytes, len(web.requests)
    await until_async(lambda: bool(ended))
    await read_on(8 * MIB, SIZE)
    assert len(web.requests) > requests
    assert fetched <= 12 * MIB
    await read(file, 0, SIZE)
    assert file.fetched_bytes == SIZE
    await file.close()


async def test_bytes_that_arrive_fast_are_copied_by_a_thread(
    worker: Worker, web: RangedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied, is_full = [0], [True]

    def copy(connection: int, file: int, at: int, count: int, **more: Any) -> Turn:
        turn = copy_from_socket(connection, file, at, count, **more)
        copied.append(turn.count)
        if turn.count and is_full:
            is_full.clear()
            return Turn(turn.count, problem=OSError(errno.ENOSPC, "full"))
        return turn

    monkeypatch.setattr(transfer, "copy_from_socket", copy)
    file = await worker.open(web)
    reader = file.open_reader()
    await reader.fetch(0, SIZE)
    reader.close()
    await read(file, 0, SIZE)
    assert sum(copied) > MIB
    assert not is_full
    assert file.fetched_bytes == SIZE
    await file.close()


async def test_a_full_disk(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    file.writer.limits = DownloadLimits(1 << 40, min_free_bytes=1 << 60)
    with pytest.raises(DiskFull):
        await file.open_reader().fetch(12 * MIB, 1000)
    await file.close()


async def test_the_last_reader_ends_long_requests(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    first, second = file.open_reader(), file.open_reader()
    file.request(Wanted(MIB, 2 * MIB, extent=12 * MIB, horizon=2 * MIB))  # as for a reader that waits
    assert any(transfer.end > 8 * MIB for transfer in file._file.transfers)
    first.close()
    assert file.is_fetching
    second.close()
    second.close()
    await until_async(lambda: not any(transfer.end > 8 * MIB for transfer in file._file.transfers))
    await read(file, 4 * MIB, 8 * MIB)
    assert file.problem is None
    await file.close()


async def test_a_limit_of_the_job_ends_the_read(worker: Worker, web: RangedWeb) -> None:
    def judge() -> None:
        if meter.done > MIB:
            raise SourceTooLarge("The inputs of the job film.mp4 are too large.")

    meter = TransferMeter(judge)
    file = await worker.open(web, meter=meter)
    assert isinstance(await failure(file, length=2 * MIB), SourceTooLarge)
    await file.close()


async def test_a_reader_that_stops_is_not_fetched_for(worker: Worker, web: RangedWeb) -> None:
    file = await worker.open(web)
    file.open_reader()  # which reads nothing, and does not end
    await read(file, 0, 8 * MIB)
    await until_async(lambda: file.fetched_bytes >= 9 * MIB)
    await read(file, 20 * MIB, 1000)
    assert file.fetched_bytes <= 11 * MIB
    await file.close()
