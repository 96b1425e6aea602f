"""The contract of web servers as stores: cached downloads and uploads."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob, TargetError, WorkerError
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.backends import ObjectHeaders
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.http.source import HttpSource
from ffmpeg_worker.storage.http.target import PresignedWriter
from ffmpeg_worker.storage.http.upload import UploadLimits
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.processes import open_descriptors
from support.servers.web import Web, open_web
from support.wait_until import until_async

KNOWN = {"Authorization": "Bearer known-token"}
SECRET = "secret-canary"
OUTBOUND = OutboundClient(OutboundRules(allow_http=True, allow_cidrs=(ip_network("127.0.0.1"),)))
LARGE = bytes(range(256)) * (16 << 10)  # 4 MiB: more than the sockets' buffers hold
HEADERS = ObjectHeaders("video/mp4", "max-age=60")
LIMITS = UploadLimits(stall_s=5, answer_s=5, retries=2, backoff_s=0.01)


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    async with open_web() as opened:
        opened.files["a.mp4"] = LARGE
        yield opened


class Worker:
    """A worker whose jobs have their own folders and share a cache."""

    def __init__(self, root: Path, max_bytes: int = 1 << 30) -> None:
        self.root = root
        self.remote = HttpSource(OUTBOUND, DownloadLimits(1 << 30, retries=1, backoff_s=0.01))
        self.cache = DownloadCache(root / "cache", max_bytes, min_free_bytes=0)
        self.jobs = 0

    async def fetch(
        self, url: str, meter: TransferMeter | None = None, headers: dict[str, str] | None = None
    ) -> Path:
        self.jobs += 1
        folder = self.root / f"job-{self.jobs}"
        folder.mkdir()
        source = FileSource.model_validate({"url": url, "headers": headers})
        return await RemoteSource(self.remote, self.cache).fetch(source, folder, meter or TransferMeter())


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


async def test_twenty_jobs_at_once_download_once(worker: Worker, web: Web) -> None:
    url = f"{web.url}/plain/a.mp4"
    signed = [f"{url}?X-Amz-Signature={number}&X-Amz-Date=1" for number in range(20)]
    paths = await asyncio.gather(*(worker.fetch(address) for address in signed))
    assert len(set(paths)) == 20
    assert {path.read_bytes() == LARGE for path in paths} == {True}
    assert {(path.name, path.stat().st_ino) for path in paths} == {("input.mp4", paths[0].stat().st_ino)}
    asked = [request.headers.get("If-None-Match") for request in web.requests]
    assert len(asked) == 20
    assert asked.count(None) == 1
    assert sorted(request.query["X-Amz-Signature"] for request in web.requests) == sorted(map(str, range(20)))


async def test_a_cached_file_counts_as_transferred(worker: Worker, web: Web) -> None:
    for _ in range(2):
        meter = TransferMeter()
        await worker.fetch(f"{web.url}/plain/a.mp4", meter)
        assert (meter.done, meter.total) == (len(LARGE), len(LARGE))


async def test_a_new_version_is_downloaded(worker: Worker, web: Web) -> None:
    old = await worker.fetch(f"{web.url}/plain/a.mp4")
    web.files["a.mp4"] = b"new"
    new = await worker.fetch(f"{web.url}/plain/a.mp4")
    assert (await worker.fetch(f"{web.url}/plain/a.mp4")).read_bytes() == b"new"
    assert (old.read_bytes(), new.read_bytes()) == (LARGE, b"new")
    assert len(list(new.parent.parent.iterdir())) == 1


async def test_a_cached_file_is_used_after_an_interrupted_request(worker: Worker, web: Web) -> None:
    url = f"{web.url}/flickering/a.mp4"
    kept = await worker.fetch(url)
    assert (await worker.fetch(url)).stat().st_ino == kept.stat().st_ino
    assert len(web.requests) == 3


async def test_a_file_whose_access_was_revoked_is_not_served_from_the_cache(worker: Worker, web: Web) -> None:
    await worker.fetch(f"{web.url}/private/a.mp4", headers=KNOWN)
    for headers in ({}, {"Authorization": "Bearer guess"}):
        with pytest.raises(WorkerError) as caught:
            await worker.fetch(f"{web.url}/private/a.mp4", headers=headers)
        assert caught.value.code == "source_forbidden"
        assert list((worker.root / f"job-{worker.jobs}").iterdir()) == []


async def test_each_job_sends_its_own_credentials(worker: Worker, web: Web) -> None:
    await worker.fetch(f"{web.url}/private/a.mp4", headers=KNOWN)
    web.locked = True
    with pytest.raises(WorkerError) as caught:
        await worker.fetch(f"{web.url}/private/a.mp4", headers=KNOWN)
    assert caught.value.code == "source_forbidden"
    assert list((worker.root / "job-2").iterdir()) == []


async def test_a_file_without_a_version_is_not_cached_and_blocks_no_job(worker: Worker, web: Web) -> None:
    await asyncio.gather(*(worker.fetch(f"{web.url}/unversioned/a.mp4") for _ in range(3)))
    assert len(web.requests) == 3
    assert not (worker.root / "cache").exists()


async def test_if_the_first_request_is_cancelled_another_becomes_the_first(worker: Worker, web: Web) -> None:
    url = f"{web.url}/held-once/a.mp4"
    first = asyncio.ensure_future(worker.fetch(url))
    await asyncio.wait_for(web.holding.wait(), 5)
    impatient, *others = [asyncio.ensure_future(worker.fetch(url)) for _ in range(4)]
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait([impatient])
    first.cancel()
    paths = await asyncio.wait_for(asyncio.gather(*others), 5)
    assert {path.read_bytes() == LARGE for path in paths} == {True}
    assert [request.headers.get("If-None-Match") is None for request in web.requests] == [True, True, False, False]
    assert list((worker.root / "job-1").iterdir()) == []


async def test_if_the_first_request_fails_the_others_run(worker: Worker, web: Web) -> None:
    results = await asyncio.gather(
        *(worker.fetch(f"{web.url}/404/a.mp4") for _ in range(3)), return_exceptions=True
    )
    assert [error.code for error in results if isinstance(error, WorkerError)] == ["source_not_found"] * 3
    assert len(web.requests) == 3


async def test_an_unrequested_304_is_an_error(worker: Worker, web: Web) -> None:
    with pytest.raises(WorkerError) as caught:
        await worker.fetch(f"{web.url}/304/a.mp4", headers={"If-None-Match": '"x"'})
    assert caught.value.code == "source_bad_answer"


async def test_without_a_cache_every_job_downloads(web: Web, tmp_path: Path) -> None:
    worker = Worker(tmp_path, max_bytes=0)
    for _ in range(2):
        assert (await worker.fetch(f"{web.url}/plain/a.mp4")).read_bytes() == LARGE
    assert [request.headers.get("If-None-Match") for request in web.requests] == [None, None]


async def test_the_meter_starts_over_with_the_transfer(worker: Worker, web: Web) -> None:
    meter, seen = TransferMeter(), []
    meter._on_change = lambda: seen.append(meter.done)
    await worker.fetch(f"{web.url}/broken-no-range/a.mp4", meter)
    assert seen.count(0) == 2
    assert meter.done == len(LARGE)


# Uploads.


def objects(outbound: OutboundClient = OUTBOUND, limits: UploadLimits = LIMITS, **upload: Any) -> PresignedWriter:
    return PresignedWriter(outbound, Upload.model_validate(upload), limits)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(LARGE)
    return path


async def test_an_upload(web: Web, film: Path) -> None:
    url = f"{web.url}/plain/x%20y.mp4?X-Amz-Signature=a%2Bb"
    store, meter = objects(url=url, headers={"x-amz-acl": "private"}), TransferMeter()
    await store.upload("o.mp4", film, HEADERS, meter)
    request = web.requests[0]
    assert web.files["x y.mp4"] == LARGE
    assert request.raw_path == "/plain/x%20y.mp4?X-Amz-Signature=a%2Bb"
    sent = {name: request.headers.get(name) for name in ("Content-Type", "Cache-Control", "x-amz-acl")}
    assert sent == {"Content-Type": "video/mp4", "Cache-Control": "max-age=60", "x-amz-acl": "private"}
    assert request.headers["Content-Length"] == str(len(LARGE))
    assert not {"Transfer-Encoding", "Content-Encoding", "Expect", "Cookie", "x-ms-blob-type"} & set(
        request.headers
    )
    assert (meter.done, meter.total) == (len(LARGE), len(LARGE))
    place = await store.locate("o.mp4")
    assert (place.path, place.url) == ("plain/x y.mp4", f"{web.url}/plain/x%20y.mp4")


@pytest.mark.parametrize(
    ("query", "given", "expected"),
    [
        ("sv=2022&sig=x", {}, ["BlockBlob"]),
        ("sv=2022&sig=x", {"X-MS-Blob-Type": "AppendBlob"}, ["AppendBlob"]),
        ("sig=x", {}, []),
    ],
)
async def test_azure_gets_the_blob_type(
    web: Web, film: Path, query: str, given: dict[str, str], expected: list[str]
) -> None:
    await objects(url=f"{web.url}/plain/o?{query}", headers=given).upload("o", film, HEADERS, TransferMeter())
    assert web.requests[0].headers.getall("x-ms-blob-type", []) == expected


async def test_the_caller_s_content_type_takes_precedence(web: Web, film: Path) -> None:
    store = objects(url=f"{web.url}/plain/o", headers={"content-type": "binary/x", "CACHE-CONTROL": "no-store"})
    await store.upload("o", film, HEADERS, TransferMeter())
    assert web.requests[0].headers.getall("Content-Type") == ["binary/x"]
    assert web.requests[0].headers.getall("Cache-Control") == ["no-store"]


@pytest.mark.parametrize(("behaviour", "attempts"), [("busy", 3), ("cut", 2)])
async def test_a_retry_sends_the_whole_file(web: Web, film: Path, behaviour: str, attempts: int) -> None:
    meter = TransferMeter()
    await objects(url=f"{web.url}/{behaviour}/o").upload("o", film, HEADERS, meter)
    assert web.files["o"] == LARGE
    assert len(web.requests) == attempts
    assert meter.done == len(LARGE)


async def test_an_endless_response_is_not_read(web: Web, film: Path) -> None:
    await asyncio.wait_for(objects(url=f"{web.url}/chatty/o").upload("o", film, HEADERS, TransferMeter()), 5)
    assert web.files["o"] == LARGE


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable", "attempts"),
    [
        ("401", "target_forbidden", False, 1),
        ("403", "target_forbidden", False, 1),
        ("404", "target_not_found", False, 1),
        ("400", "target_error", False, 1),
        ("412", "target_error", False, 1),
        ("moved", "target_error", False, 1),
        ("429", "target_unavailable", True, 3),
        ("500", "target_unavailable", True, 3),
        ("hasty", "target_unavailable", True, 3),
    ],
)
async def test_error_responses(
    web: Web,
    film: Path,
    behaviour: str,
    code: str,
    retryable: bool,
    attempts: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"{web.url}/{behaviour}/o?X-Amz-Signature={SECRET}"
    with caplog.at_level(logging.DEBUG), pytest.raises(TargetError) as caught:
        await objects(url=url, headers={"Authorization": SECRET}).upload("o.mp4", film, HEADERS, TransferMeter())
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert len(web.requests) == attempts
    logged = [str(vars(record)) for record in caplog.records if record.name != "aiohttp.access"]
    message = f"{caught.value.as_problem()} {caught.value.detail} {caught.value!r} {logged}"
    assert SECRET not in message
    assert "secret of the server" not in message
    assert '"o.mp4"' in caught.value.message


async def test_a_server_that_does_not_read_times_out(web: Web, film: Path) -> None:
    film.write_bytes(LARGE * 8)
    limits = UploadLimits(stall_s=0.3, retries=1, backoff_s=0.01)
    before = open_descriptors()
    with pytest.raises(TargetError) as caught:
        await objects(limits=limits, url=f"{web.url}/deaf/o").upload("o", film, HEADERS, TransferMeter())
    assert caught.value.code == "target_unavailable"
    assert len(web.requests) == 2
    await until_async(lambda: open_descriptors() <= before + 2)  # the server's own ends


async def test_an_unreachable_server(film: Path) -> None:
    with pytest.raises(TargetError) as caught:
        await objects(url=f"http://127.0.0.1:9/o?sig={SECRET}").upload("o", film, HEADERS, TransferMeter())
    assert caught.value.code == "target_unavailable"
    assert SECRET not in str(caught.value.as_problem())


async def test_cancelling_uploads_closes_their_connections(film: Path) -> None:
    """Also if the server reads nothing, so that what is buffered can never be sent."""
    film.write_bytes(LARGE * 8)
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        before = open_descriptors()
        writer = objects(url=f"http://127.0.0.1:{stalled.getsockname()[1]}/o")
        meters = [TransferMeter() for _ in range(10)]
        uploads = [asyncio.ensure_future(writer.upload("o", film, HEADERS, meter)) for meter in meters]
        await until_async(lambda: all(meter.done for meter in meters))
        for upload in uploads:
            upload.cancel()
        ended = await asyncio.gather(*uploads, return_exceptions=True)
        assert {type(error) for error in ended} == {asyncio.CancelledError}
        await until_async(lambda: open_descriptors() <= before)


async def test_only_allowed_addresses_are_called(web: Web, film: Path) -> None:
    for url in (web.url.replace("127.0.0.1", "127.0.0.2"), "http://169.254.169.254", "http://a:b@127.0.0.1"):
        with pytest.raises(AddressNotAllowed):
            await objects(url=f"{url}/plain/o?sig={SECRET}").upload("o", film, HEADERS, TransferMeter())
    with pytest.raises(AddressNotAllowed):
        await objects(OutboundClient(OutboundRules()), url=f"{web.url}/plain/o").upload(
            "o", film, HEADERS, TransferMeter()
        )
    assert web.requests == []


async def test_forbidden_headers_are_refused(web: Web, film: Path) -> None:
    for headers in ({"Content-Length": "1"}, {"X": f"{SECRET}\r\nHost: x"}, {"Transfer-Encoding": "chunked"}):
        with pytest.raises(InvalidJob) as caught:
            await objects(url=f"{web.url}/plain/o", headers=headers).upload("o", film, HEADERS, TransferMeter())
        assert caught.value.code == "invalid_header"
        assert SECRET not in str(caught.value.as_problem())
    assert web.requests == []


async def test_uploading_a_missing_file_sends_no_request(web: Web, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await objects(url=f"{web.url}/plain/o").upload("o", tmp_path / "nope", HEADERS, TransferMeter())
    assert web.requests == []


async def test_a_presigned_put_cannot_delete(web: Web) -> None:
    with pytest.raises(TargetError) as caught:
        await objects(url=f"{web.url}/plain/o?sig={SECRET}").delete("o.mp4")
    assert caught.value.code == "target_not_removable"
    assert SECRET not in str(caught.value.as_problem())


def test_one_url_accepts_one_output() -> None:
    store = objects(url=f"https://h/o?sig={SECRET}&sv=1")
    store.check("a.mp4")
    store.check("a.mp4")
    with pytest.raises(InvalidJob) as caught:
        store.check("b.mp4")
    assert (caught.value.code, caught.value.where) == ("upload_address_taken", {"output": "b.mp4"})
    assert SECRET not in str(caught.value.as_problem())


def test_one_url_for_each_output_name() -> None:
    urls = {"small.mp4": "https://h/1?id=1", "large.mp4": "https://h/1?id=2", "twin.mp4": "https://h/1?id=2"}
    store = objects(urls=urls)
    store.check("small.mp4")
    store.check("large.mp4")
    with pytest.raises(InvalidJob, match="same upload address"):
        store.check("twin.mp4")
    with pytest.raises(InvalidJob) as caught:
        store.check("smal.mp4")
    assert caught.value.code == "upload_address_missing"
    assert caught.value.where == {"output": "smal.mp4"}
    assert '"small.mp4"' in f"{caught.value.hint}"
