"""The contract of all object stores, tested on S3, Azure and Google Cloud Storage."""

from __future__ import annotations

import asyncio
import os
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import obstore
import pytest
import pytest_asyncio

from ffmpeg_worker.errors import (
    SourceError,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreachable,
    SourceUnreadable,
    TargetError,
    TargetForbidden,
    TargetUnavailable,
    WorkerError,
)
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.outbound.proxy import open_egress_proxy
from ffmpeg_worker.outbound.rules import OutboundRules
from ffmpeg_worker.storage.backends import BeginUpload, EarlyUploadFailed, ObjectHeaders
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.objects.bucket import BucketAccess
from ffmpeg_worker.storage.objects.find_bucket import find_bucket
from ffmpeg_worker.storage.objects.part_sender import PartSender
from ffmpeg_worker.storage.objects.records import BucketRecords
from ffmpeg_worker.storage.objects.source import BucketSource
from ffmpeg_worker.storage.objects.target import BucketWriter
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory
from ffmpeg_worker.storage.part_plan import PartPlan
from ffmpeg_worker.storage.ranged.open_ranged import RangedInputs
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile, RangedReader
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.removal_permit import removing_if
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from support.servers import azure_server, gcs_server, s3_server
from support.servers.azure_server import NoAzurite, azure_front, running_azurite
from support.servers.gcs_server import running_gcs
from support.servers.s3_server import S3Server, running_s3
from support.wait_until import until_async

BUCKET = "bucket-of-tests"
VIDEO = ObjectHeaders("video/mp4")
LIMIT_BYTES = 64 << 20
RULES = OutboundRules(allow_http=True, allow_cidrs=(ip_network("127.0.0.1/32"),))
LIMITS = DownloadLimits(LIMIT_BYTES, retries=2, backoff_s=0.01)
AZURE, GCP, S3 = "azure", "gcp", "s3"


@dataclass
class Cloud:
    """An object store, and the worker's access to it."""

    server: Any
    access: BucketAccess
    cloud: CloudType
    scheme: str
    credentials: dict[str, str]
    memory: UploadMemory = field(default_factory=lambda: UploadMemory(80 << 20))

    def target(self, bucket: str = BUCKET, presign_s: int | None = None, **changed: str) -> BucketWriter:
        given = Credentials.model_validate({**self.credentials, **changed})
        return BucketWriter(find_bucket(self.cloud, bucket, given, self.access), self.memory, presign_s)

    def target_of_parts(self, outbound: OutboundClient) -> BucketWriter:
        """A target that uploads files while they grow."""
        given = Credentials.model_validate(self.credentials)
        sender = PartSender(outbound, PartPlan(), backoff_s=0.01)
        return BucketWriter(find_bucket(self.cloud, BUCKET, given, self.access), self.memory, None, sender)

    def sources(self, limits: DownloadLimits = LIMITS, **changed: str) -> BucketSource:
        given = Credentials.model_validate({**self.credentials, **changed})
        return BucketSource(self.access, limits, {self.cloud: given})

    def source(self, key: str, bucket: str = BUCKET) -> FileSource:
        return FileSource(url=f"{self.scheme}://{bucket}/{key}")

    async def read(self, key: str) -> bytes | None:
        found: bytes | None = await asyncio.to_thread(self.server.read, key)
        return found

    def wrong_credentials(self) -> dict[str, str]:
        """Well-formed credentials that the server does not accept."""
        if self.cloud is CloudType.GCP:
            return {"gcp_service_account_key": gcs_server.key_file().replace("tests@", "nobody@")}
        if self.cloud is CloudType.AZURE:
            return {"azure_account_key": "d3Jvbmcga2V5"}
        return {"aws_secret_access_key": "wrong"}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    try:
        running = running_azurite()
        address = running.__enter__()
    except NoAzurite as reason:
        pytest.skip(str(reason))
    yield address
    running.__exit__(None, None, None)


@pytest_asyncio.fixture(params=[S3, GCP, AZURE])
async def cloud(request: pytest.FixtureRequest) -> AsyncIterator[Cloud]:
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(open_egress_proxy(RULES))
        if request.param == S3:
            server = request.getfixturevalue("s3")
            server.fault = lambda _method, _path: None
            server.requests.clear()
            given = {
                "aws_access_key_id": s3_server.ACCESS_KEY_ID,
                "aws_secret_access_key": s3_server.SECRET_ACCESS_KEY,
                "aws_region": s3_server.REGION,
                "aws_url": server.url,
            }
            yield Cloud(server, BucketAccess(proxy, backoff_s=0.01), CloudType.AWS, "s3", given)
        elif request.param == GCP:
            gcs = await stack.enter_async_context(running_gcs())
            access = BucketAccess(proxy, google_url=gcs.url, backoff_s=0.01)
            yield Cloud(gcs, access, CloudType.GCP, "gs", {"gcp_service_account_key": gcs_server.key_file()})
        else:
            front = await stack.enter_async_context(azure_front(request.getfixturevalue("azurite")))
            given = {
                "azure_account_name": azure_server.ACCOUNT,
                "azure_account_key": azure_server.ACCOUNT_KEY,
                "azure_url": f"{front.url}/{azure_server.ACCOUNT}",
            }
            yield Cloud(front, BucketAccess(proxy, backoff_s=0.01), CloudType.AZURE, "az", given)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(1 << 20) * 25)
    return path


def _file(folder: Path, data: bytes = b"data") -> Path:
    path = folder / "file.bin"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "key", ["a/b.bin", "ünï 😀/%41 a+b~!*'().bin", "q?&#;=.bin", "k" * 200 + "/" + "é" * 409 + ".bin"]
)
async def test_a_round_trip(cloud: Cloud, tmp_path: Path, key: str) -> None:
    meter = TransferMeter()
    await cloud.target().upload(key, _file(tmp_path), ObjectHeaders("video/mp4", "max-age=60"), meter)
    assert (meter.done, meter.total) == (4, 4)
    assert await cloud.read(key) == b"data"
    served = await asyncio.to_thread(cloud.server.served_headers, key)
    assert (served["content-type"], served["cache-control"]) == ("video/mp4", "max-age=60")
    found = await cloud.sources().download(cloud.source(key), tmp_path, meter)
    assert found.path.read_bytes() == b"data"
    assert found.path.suffix == ".bin"
    await cloud.target().delete(key)
    assert await cloud.read(key) is None
    await cloud.target().delete(key)


async def test_large_files_are_uploaded_in_parts(cloud: Cloud, tmp_path: Path, large: Path) -> None:
    meter = TransferMeter()
    await cloud.target().upload("large.bin", large, VIDEO, meter)
    assert meter.done == meter.total == large.stat().st_size
    assert await cloud.read("large.bin") == large.read_bytes()
    parts = [path for method, path in cloud.server.requests if "partNumber=" in path or "blockid=" in path]
    assert len(parts) == 5
    await until_async(lambda: cloud.memory.used == 0)
    found = await cloud.sources().download(cloud.source("large.bin"), tmp_path, meter)
    assert found.path.read_bytes() == large.read_bytes()
    assert meter.done == meter.total == large.stat().st_size


async def test_a_file_is_uploaded_while_it_is_written(cloud: Cloud, tmp_path: Path) -> None:
    key = "ünï 😀/%41 a+b~!*'()?&#;=.bin"
    begun: list[str] = []
    async with aclosing(OutboundClient(RULES).keep_connections()) as outbound:
        writer = cloud.target_of_parts(outbound)
        early = writer.open_early(key, ObjectHeaders("video/mp4", "max-age=60"), partial(_begin, begun))
        assert early is not None
        path, whole = tmp_path / "growing.bin", bytearray(os.urandom(1 << 20) * 22)
        path.write_bytes(whole[: 16 << 20])
        early.grow(path.open("rb"), 16 << 20)
        await until_async(lambda: len([path for _, path in cloud.server.requests if _is_part(path)]) == 2)
        assert await cloud.read(key) is None
        whole[:8], whole[8 << 20] = b"new head", whole[8 << 20] ^ 1
        path.write_bytes(whole)
        meter = TransferMeter()
        etag = await early.finish(path, meter)
        assert await cloud.read(key) == bytes(whole)
        assert meter.done == meter.total == len(whole)
        parts = [path for _, path in cloud.server.requests if _is_part(path)]
        assert len(parts) == 5 + 1, "one had changed"
        given = Credentials.model_validate(cloud.credentials)
        bucket = find_bucket(cloud.cloud, BUCKET, given, cloud.access)
        found = await BucketRecords(bucket, writer).find(key)
        assert found is not None
        assert found.etag == etag
        served = await asyncio.to_thread(cloud.server.served_headers, key)
        assert (served["content-type"], served["cache-control"]) == ("video/mp4", "max-age=60")
        await writer.delete(key)
        await early.drop(begun[0])  # not there any more
    assert cloud.server.unfinished() == []


async def test_parts_of_a_file_that_was_left_are_removed(cloud: Cloud, large: Path) -> None:
    begun: list[str] = []
    async with aclosing(OutboundClient(RULES).keep_connections()) as outbound:
        writer = cloud.target_of_parts(outbound)
        attempts = [writer.open_early("left.bin", VIDEO, partial(_begin, begun)) for _ in range(2)]
        for number, early in enumerate(attempts):
            assert early is not None
            early.grow(large.open("rb"), 16 << 20)
            await until_async(partial(_has_more, begun, number))
        await until_async(lambda: any(_is_part(path) for _, path in cloud.server.requests))
        if cloud.cloud is not CloudType.AZURE:
            assert len(cloud.server.unfinished()) == 1, "the second attempt has removed what the first had left"
        for early in reversed(attempts):
            assert early is not None
            await early.abort()
            with pytest.raises(EarlyUploadFailed):
                await early.finish(large, TransferMeter())
    assert cloud.server.unfinished() == []
    assert await cloud.read("left.bin") is None
    await cloud.target().upload("left.bin", large, VIDEO, TransferMeter())
    assert await cloud.read("left.bin") == large.read_bytes()
    await until_async(lambda: cloud.memory.used == 0)


def _has_more(items: list[str], count: int) -> bool:
    return len(items) > count


async def _begin(begun: list[str], begin: BeginUpload) -> str:
    """What records of a job do: remember the id for the next attempt."""
    begun.append(await begin(begun[-1] if begun else None))
    return begun[-1]


async def test_an_unchanged_object_is_not_downloaded_again(cloud: Cloud, tmp_path: Path) -> None:
    await asyncio.to_thread(cloud.server.plant, "a.bin", b"old")
    sources, source = cloud.sources(), cloud.source("a.bin")
    first = await sources.download(source, tmp_path, TransferMeter())
    assert await sources.download(source, tmp_path, TransferMeter(), first) is first
    with pytest.raises(SourceError) as caught:
        await cloud.sources(LIMITS, **cloud.wrong_credentials()).download(source, tmp_path, TransferMeter(), first)
    assert caught.value.code == "source_forbidden"
    await cloud.target().upload("a.bin", _file(tmp_path, b"newer"), VIDEO, TransferMeter())
    second = await sources.download(source, tmp_path, TransferMeter(), first)
    assert second.path.read_bytes() == b"newer"


async def test_locations(cloud: Cloud, tmp_path: Path) -> None:
    key = "ünï %41/a b?.bin"
    await cloud.target().upload(key, _file(tmp_path), VIDEO, TransferMeter())
    signed = (await cloud.target(presign_s=60).locate(key)).url
    assert signed is not None
    assert await asyncio.to_thread(_get, signed) == b"data"
    plain = (await cloud.target().locate(key)).url
    assert plain == signed.partition("?")[0]
    assert f"/{BUCKET}/%C3%BCn%C3%AF%20%2541/a%20b%3F.bin" in plain
    name = {CloudType.AWS: "aws", CloudType.GCP: "gcp", CloudType.AZURE: "azure"}[cloud.cloud]
    public = await cloud.target(BUCKET, None, **{f"{name}_public_url": "https://cdn.test/x/"}).locate(key)
    assert public.url == "https://cdn.test/x/%C3%BCn%C3%AF%20%2541/a%20b%3F.bin"


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url) as response:
        data: bytes = response.read()
        return data


async def test_missing_or_forbidden_objects(cloud: Cloud, tmp_path: Path) -> None:
    await asyncio.to_thread(cloud.server.plant, "a.bin", b"data")
    await asyncio.to_thread(cloud.server.plant, "empty.bin", b"")
    errors: list[WorkerError] = []
    for sources, source, kind in (
        (cloud.sources(), cloud.source("nope.bin"), SourceNotFound),
        (cloud.sources(), cloud.source("a.bin", "no-such-bucket"), SourceNotFound),
        (cloud.sources(), cloud.source("empty.bin"), SourceUnreadable),
        (cloud.sources(DownloadLimits(3)), cloud.source("a.bin"), SourceTooLarge),
    ):
        with pytest.raises(kind) as caught:
            await sources.download(source, tmp_path, TransferMeter())
        errors.append(caught.value)
    path = _file(tmp_path)
    with pytest.raises(TargetError) as missing:
        await cloud.target("no-such-bucket").upload("a.bin", path, VIDEO, TransferMeter())
    assert missing.value.code == "bucket_not_found"
    with pytest.raises(TargetForbidden) as forbidden:
        await cloud.target(BUCKET, None, **cloud.wrong_credentials()).upload("a.bin", path, VIDEO, TransferMeter())
    assert forbidden.value.code == "target_forbidden"
    problems = "".join(str(error.as_problem()) for error in [*errors, missing.value, forbidden.value])
    assert not [text for text in ("127.0.0.1", "secret of", "Signature", "AKIA") if text in problems], problems
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]


def _is_part(path: str) -> bool:
    return "partNumber=" in path or "blockid=" in path


async def test_a_busy_store_is_asked_again(cloud: Cloud, tmp_path: Path, large: Path) -> None:
    left = [503, 503]
    cloud.server.fault = lambda _method, path: left.pop() if left and _is_part(path) else None
    await cloud.target().upload("a.bin", large, VIDEO, TransferMeter())
    assert await cloud.read("a.bin") == large.read_bytes()
    left = [503, 503]
    cloud.server.fault = lambda method, _path: left.pop() if left and method == "GET" else None
    found = await cloud.sources().download(cloud.source("a.bin"), tmp_path, TransferMeter())
    assert found.path.read_bytes() == large.read_bytes()


async def test_an_interrupted_upload_leaves_nothing(cloud: Cloud, large: Path) -> None:
    seen: list[str] = []

    def third_part_fails(_method: str, path: str) -> int | None:
        if not _is_part(path):
            return None
        if path not in seen:
            seen.append(path)
        return 500 if seen.index(path) == 2 else None

    cloud.server.fault = third_part_fails
    with pytest.raises(TargetUnavailable) as caught:
        await cloud.target().upload("broken.bin", large, VIDEO, TransferMeter())
    assert caught.value.retryable
    cloud.server.fault = lambda _method, _path: None
    assert await cloud.read("broken.bin") is None
    assert cloud.server.unfinished() == []


async def test_a_cancelled_upload_leaves_nothing(cloud: Cloud, large: Path) -> None:
    sending = asyncio.ensure_future(cloud.target().upload("cancelled.bin", large, VIDEO, TransferMeter()))
    await until_async(lambda: any(_is_part(path) for _, path in cloud.server.requests))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await until_async(lambda: cloud.server.unfinished() == [])
    assert await cloud.read("cancelled.bin") is None


async def test_a_cancelled_upload_that_arrived_stays_where_another_attempt_may_have_sent_it(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, path, has_arrived = obstore.put_async, _file(tmp_path), asyncio.Event()

    async def arrive(*arguments: Any, **options: Any) -> Any:
        outcome = await put(*arguments, **options)
        has_arrived.set()
        await asyncio.sleep(0)
        return outcome

    async def refuse() -> bool:
        return False

    monkeypatch.setattr(obstore, "put_async", arrive)
    with removing_if(refuse):
        sending = asyncio.ensure_future(cloud.target().upload("kept.bin", path, VIDEO, TransferMeter()))
        await has_arrived.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert await cloud.read("kept.bin") is not None
    await cloud.target().delete("kept.bin")


async def test_an_upload_cancelled_at_its_end_is_complete_or_removed(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, loop = obstore.put_async, asyncio.get_running_loop()
    path, outcomes = _file(tmp_path), set()

    def cancel_after(turns: int) -> None:
        if turns:
            loop.call_soon(cancel_after, turns - 1)
        else:
            sending.cancel()

    for turns in range(8):

        async def arrive(*arguments: Any, turns: int = turns, **options: Any) -> Any:
            outcome = await put(*arguments, **options)
            cancel_after(turns)
            return outcome

        monkeypatch.setattr(obstore, "put_async", arrive)
        sending = asyncio.ensure_future(cloud.target().upload("late.bin", path, VIDEO, TransferMeter()))
        [outcome] = await asyncio.gather(sending, return_exceptions=True)
        outcomes.add(type(outcome))
        assert (await cloud.read("late.bin") is None) == isinstance(outcome, asyncio.CancelledError), turns
        await cloud.target().delete("late.bin")
    assert outcomes == {asyncio.CancelledError, str}  # an ETag


async def test_a_download_never_mixes_two_versions(cloud: Cloud, tmp_path: Path, large: Path) -> None:
    await cloud.target().upload("a.bin", large, VIDEO, TransferMeter())
    meter = TransferMeter()
    swapped = asyncio.Event()

    def swap(method: str, _path: str) -> int | None:
        if method == "GET" and not swapped.is_set():
            swapped.set()
            cloud.server.fault = lambda _method, _path: None
            return 404
        return None

    cloud.server.fault = swap
    found = await cloud.sources().download(cloud.source("a.bin"), tmp_path, meter)
    assert found.path.read_bytes() == large.read_bytes()
    cloud.server.fault = lambda method, _path: 412 if method == "GET" else None
    with pytest.raises(SourceUnreachable) as caught:
        await cloud.sources().download(cloud.source("a.bin"), tmp_path, meter)
    assert caught.value.code == "source_incomplete_transfer"


@asynccontextmanager
async def _opened(
    cloud: Cloud, cache: DownloadCache, folder: Path, **changed: str
) -> AsyncIterator[tuple[RangedFile, RangedReader]]:
    """The large object, opened by range in a job of its own."""
    folder.mkdir(exist_ok=True)
    sources = RemoteSource(cloud.sources(LIMITS, **changed), cache, RangedInputs(LIMITS))
    file = await sources.open_ranged(cloud.source("large.mp4"), folder, folder, TransferMeter())
    assert file is not None
    try:
        yield file, file.open_reader()
    finally:
        await file.close()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[DownloadCache]:
    made = DownloadCache(tmp_path / "cache", 1 << 30, min_free_bytes=0)
    yield made
    made.blocks.close()


def _read(file: RangedFile, start: int, length: int) -> bytes:
    descriptor = file.open_descriptor()
    try:
        return os.pread(descriptor, length, start)
    finally:
        os.close(descriptor)


async def test_an_object_is_read_by_range(cloud: Cloud, cache: DownloadCache, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 9
    await asyncio.to_thread(cloud.server.plant, "large.mp4", data)
    async with _opened(cloud, cache, tmp_path / "1") as (file, reader):
        assert (file.size, file.name) == (len(data), "input.mp4")
        for start in (6 << 20, len(data) - 5000):
            await reader.fetch(start, 5000)
            assert _read(file, start, 5000) == data[start : start + 5000]
        assert file.fetched_bytes < 6 << 20  # blocks are larger where answers take long
        left = [503, 503]
        cloud.server.fault = lambda method, _path: left.pop() if left and method == "GET" else None
        await reader.fetch(0, len(data))
        assert _read(file, 0, len(data)) == data
        assert file.fetched_bytes == len(data)
    async with _opened(cloud, cache, tmp_path / "2") as (later, reader):
        assert reader.has(1, len(data))
        assert later.fetched_bytes <= 1
    with pytest.raises(SourceError) as caught:
        async with _opened(cloud, cache, tmp_path / "3", **cloud.wrong_credentials()):
            pass
    assert caught.value.code == "source_forbidden"


@pytest.mark.parametrize(
    ("status", "code"), [(403, "source_access_expired"), (412, "source_changed"), (404, "source_changed")]
)
async def test_faults_of_later_ranges_of_an_object(
    cloud: Cloud, cache: DownloadCache, tmp_path: Path, status: int, code: str
) -> None:
    await asyncio.to_thread(cloud.server.plant, "large.mp4", bytes(9 << 20))
    async with _opened(cloud, cache, tmp_path / "1") as (file, reader):
        cloud.server.fault = lambda _method, _path: status
        with pytest.raises(SourceUnreachable) as caught:
            await reader.fetch(4 << 20, 1000)
        cloud.server.fault = lambda _method, _path: None
    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert file.problem is not None


async def test_an_object_that_was_replaced_is_not_mixed_with_the_old_one(
    cloud: Cloud, cache: DownloadCache, tmp_path: Path
) -> None:
    await asyncio.to_thread(cloud.server.plant, "large.mp4", bytes(9 << 20))
    async with _opened(cloud, cache, tmp_path / "1") as (_, reader):
        await asyncio.to_thread(cloud.server.plant, "large.mp4", b"new" * (3 << 20))
        with pytest.raises(SourceUnreachable) as caught:
            await reader.fetch(4 << 20, 1000)
        assert caught.value.code == "source_changed"
    cache.blocks._distrusted.clear()
    async with _opened(cloud, cache, tmp_path / "2") as (file, reader):
        await reader.fetch(3 << 20, 3)
        assert _read(file, 3 << 20, 3) == b"new"


async def test_a_small_object_is_downloaded_by_the_request_that_opens_it(
    cloud: Cloud, cache: DownloadCache, tmp_path: Path
) -> None:
    await asyncio.to_thread(cloud.server.plant, "small.bin", b"data")
    await asyncio.to_thread(cloud.server.plant, "empty.bin", b"")
    sources = RemoteSource(cloud.sources(), cache, RangedInputs(LIMITS))
    assert await sources.open_ranged(cloud.source("small.bin"), tmp_path, tmp_path, TransferMeter()) is None
    cloud.server.fault = lambda _method, _path: 500
    path = await sources.fetch(cloud.source("small.bin"), tmp_path, TransferMeter())
    assert path.read_bytes() == b"data"
    cloud.server.fault = lambda _method, _path: None
    assert await sources.open_ranged(cloud.source("empty.bin"), tmp_path, tmp_path, TransferMeter()) is None
    with pytest.raises(SourceUnreadable):
        await sources.fetch(cloud.source("empty.bin"), tmp_path, TransferMeter())


async def test_records_beside_the_outputs(cloud: Cloud, tmp_path: Path, large: Path) -> None:
    given = Credentials.model_validate(cloud.credentials)
    bucket, writer = find_bucket(cloud.cloud, BUCKET, given, cloud.access), cloud.target()
    records = BucketRecords(bucket, writer)
    key = "orders/17/.ffmpeg-worker/job-1.json"
    assert await records.read(key, 100) is None
    assert await records.find(key) is None
    await records.write(key, b"{}")
    await records.write(key, b'{"a": 1}')
    assert await records.read(key, 8) == b'{"a": 1}'
    assert await records.read(key, 7) is None
    small = tmp_path / "small.bin"
    small.write_bytes(b"seven b")
    for name, path in {"small.bin": small, "large.bin": large}.items():
        etag = await writer.upload(name, path, VIDEO, TransferMeter())
        found = await records.find(name)
        assert found is not None
        assert found.size == path.stat().st_size
        assert etag is not None
        assert etag == found.etag
    cloud.server.fault = lambda _method, _path: 403
    for asking in (records.read(key, 100), records.find(key), records.write(key, b"")):
        with pytest.raises(TargetForbidden):
            await asking
