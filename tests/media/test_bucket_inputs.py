"""Inputs from a bucket, their cache, and the actions `download` and `upload`."""

from __future__ import annotations

import errno
import shutil
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.storage import transfer
from support.media.sources import make_clip
from support.servers.bucket import Bucket, open_bucket
from support.servers.s3_server import BUCKET
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILM = f"s3://{BUCKET}/in/film.mp4"


@pytest.fixture(scope="module")
def served() -> Iterator[Bucket]:
    with open_bucket() as bucket:
        yield bucket


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("worker")
    make_clip(root / "data/clip.mp4", extra=("-movflags", "+faststart"))
    make_clip(root / "data/sub/other.mp4", seconds=1)
    async with open_worker(root, allow_http_inputs=True, fetch_allow_cidrs="127.0.0.0/8") as opened:
        yield opened


@pytest.fixture
def worker(shared: Worker) -> Worker:
    return shared


@pytest.fixture
def bucket(served: Bucket, shared: Worker) -> Bucket:
    """A bucket that contains a video of two seconds."""
    served.empty()
    served.server.plant("in/film.mp4", (shared.data / "clip.mp4").read_bytes())
    return served


def source(bucket: Bucket, url: str = FILM, **more: str) -> dict[str, Any]:
    return {"url": url, "credentials": bucket.credentials(**more)}


def probe(entry: Any, **common: Any) -> dict[str, Any]:
    return {"action": "probe", "data": {"input": "{{film}}"}, "inputs": {"film": entry}, **common}


def times(bucket: Bucket, method: str, key: str = "in/film.mp4") -> int:
    return bucket.asked(method).count(key)


async def test_every_way_to_name_an_input(worker: Worker, bucket: Bucket) -> None:
    upload = bucket.upload("out/")
    size = len(bucket.server.read("in/film.mp4") or b"")
    jobs: list[dict[str, Any]] = [
        {"commands": "-i {{film}} -c copy a.mp4", "inputs": {"film": source(bucket)}},
        {"commands": "-i {{in_1}} -c copy b.mp4", "inputs": [source(bucket)]},
        {"commands": f"-i {FILM} -c copy c.mp4"},
        {"commands": "-i <<film>> -c copy d.mp4", "inputs": {"film": FILM}},
    ]
    for job in jobs:
        result = await worker.process(job.pop("commands"), upload=upload, **job)
        assert result["stats"]["input_bytes"] == size
    assert bucket.objects() == ["in/film.mp4", "out/a.mp4", "out/b.mp4", "out/c.mp4", "out/d.mp4"]


async def test_an_input_without_credentials_is_refused(worker: Worker, bucket: Bucket) -> None:
    error = await worker.fail(probe(FILM))
    assert (error.code, error.fault, error.where["input"]) == ("credentials_missing", "caller", "film")
    # Credentials of an upload to another cloud are not used.
    error = await worker.fail(probe(FILM, upload={"url": bucket.signed("put_object", "x")}))
    assert error.code == "credentials_missing"


@pytest.mark.parametrize(
    ("url", "more", "code"),
    [
        (f"s3://{BUCKET}/nope.mp4", {}, "source_not_found"),
        ("s3://no-such-bucket/film.mp4", {}, "source_not_found"),
        (f"s3://{BUCKET}/a/../in/film.mp4", {}, "source_not_found"),
        (FILM, {"aws_secret_access_key": "another-secret"}, "source_forbidden"),
        (FILM, {"aws_url": "http://10.0.0.1"}, "address_not_allowed"),
    ],
)
async def test_objects_that_cannot_be_read(
    worker: Worker, bucket: Bucket, url: str, more: dict[str, str], code: str
) -> None:
    error = await worker.fail(probe(source(bucket, url, **more)))
    assert (error.code, error.where["input"]) == (code, "film")


async def test_an_object_is_fetched_once_per_job(worker: Worker, bucket: Bucket) -> None:
    bucket.server.plant("once.mp4", bucket.server.read("in/film.mp4") or b"")
    url = f"s3://{BUCKET}/once.mp4"
    processes = [{"chainCmds": f"-i {url} -c copy {name}.mp4"} for name in "ab"]
    job = {"action": "multi_process", "data": {"processes": processes}, "upload": bucket.upload("o/")}
    assert (await worker.run({**job, "inputs": {"film": url}}))["failed"] == 0
    assert times(bucket, "GET", "once.mp4") == 1


async def test_a_cached_object_is_used_by_jobs_that_may_read_it(worker: Worker, bucket: Bucket) -> None:
    await worker.run(probe(source(bucket)))
    bucket.server.requests.clear()
    await worker.run(probe(source(bucket)))
    assert (times(bucket, "HEAD"), times(bucket, "GET")) == (1, 0)
    error = await worker.fail(probe(source(bucket, aws_secret_access_key="another-secret")))
    assert error.code == "source_forbidden"
    make_clip(worker.data / "shorter.mp4", seconds=1)
    bucket.server.plant("in/film.mp4", (worker.data / "shorter.mp4").read_bytes())
    result = await worker.run(probe(source(bucket)))
    assert float(result["format"]["duration"]) == pytest.approx(1, abs=0.1)


async def test_progress_counts_received_bytes(worker: Worker, bucket: Bucket) -> None:
    size = 20 << 20
    bucket.server.plant("large.bin", bytes(size))
    await worker.run({"action": "download", "data": {"input": source(bucket, f"s3://{BUCKET}/large.bin")}})
    assert (worker.events[-1].received_bytes, worker.events[-1].expected_bytes) == (size, size)
    assert (worker.data / "large.bin").stat().st_size == size


async def test_a_disk_that_is_nearly_full(worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    error = await worker.fail(probe(source(bucket)))
    assert (error.code, error.fault, error.retryable) == ("disk_full", "worker", True)
    assert times(bucket, "GET", "film.mp4") == 0


@pytest.mark.parametrize(("is_cached", "requests"), [(False, 1), (True, 2)])
async def test_a_full_disk(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, is_cached: bool, requests: int
) -> None:
    """The download is tried again if a cached file could be removed."""
    cache = (await worker.services.resources.stores._remote_stores()).cache
    for identity in [*cache._entries]:
        cache._forget(identity).unlink()
    if is_cached:
        await worker.run(probe(source(bucket)))
    name = f"fresh-{requests}.mp4"
    bucket.server.plant(name, b"x" * 5000)

    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "write_all", write)
    assert (await worker.fail(probe(source(bucket, f"s3://{BUCKET}/{name}")))).code == "disk_full"
    assert times(bucket, "GET", name) == requests


async def test_a_download_reports_its_file(worker: Worker, bucket: Bucket) -> None:
    data = bucket.server.read("in/film.mp4")
    plain = await worker.run({"action": "download", "data": {"input": source(bucket)}})
    assert plain["outputs"][0]["name"] == "film.mp4"
    assert (worker.data / "film.mp4").read_bytes() == data
    await worker.run({"action": "download", "data": {"input": source(bucket), "output": "shelf/a.mp4"}})
    assert (worker.data / "shelf/a.mp4").read_bytes() == data
    signed = bucket.signed("get_object", "in/film.mp4")
    named = {"action": "download", "data": {"input": "{{film}}"}, "inputs": {"film": {"url": signed}}}
    assert (await worker.run(named))["outputs"][0]["name"] == "film.mp4"


async def test_a_download_to_another_store(worker: Worker, bucket: Bucket) -> None:
    result = await worker.run({"action": "download", "data": {"input": FILM}, "upload": bucket.upload("copy.mp4")})
    assert result["outputs"][0]["path"] == "copy.mp4"
    assert bucket.server.read("copy.mp4") == bucket.server.read("in/film.mp4")


async def test_an_upload_keeps_names(worker: Worker, bucket: Bucket) -> None:
    async def upload(given: Any, key: str, **common: Any) -> list[str]:
        job = {"action": "upload", "data": {"input": given}, "upload": bucket.upload(key), **common}
        return [output["path"] for output in (await worker.run(job))["outputs"]]

    assert await upload("clip.mp4", "k.mp4") == ["k.mp4"]
    assert await upload("sub/other.mp4", "p") == ["p/sub/other.mp4"]
    assert await upload(["clip.mp4", "sub/other.mp4"], "q.mp4") == ["q.mp4/clip.mp4", "q.mp4/sub/other.mp4"]
    assert await upload(str(worker.data / "sub/other.mp4"), "r") == ["r/other.mp4"]
    assert await upload("{{film}}", "s", inputs={"film": FILM}) == ["s/film.mp4"]
    assert await upload("note", "t", inputs={"note": {"content": "x", "name": "n.txt"}}) == ["t/n.txt"]
    assert bucket.server.read("t/n.txt") == b"x"


@pytest.mark.parametrize(
    ("given", "changes", "code"),
    [
        (["clip.mp4", "clip.mp4"], {}, "duplicate_output"),
        ("nope.mp4", {}, "source_not_found"),
        ("/etc/hostname", {}, "path_outside_root"),
        ("../clip.mp4", {}, "path_outside_root"),
        ("clip.mp4", {"upload": None}, "missing_field"),
        ([], {}, "invalid_value"),
    ],
)
async def test_refused_uploads(
    worker: Worker, bucket: Bucket, given: Any, changes: dict[str, Any], code: str
) -> None:
    job = {"action": "upload", "data": {"input": given}, "upload": bucket.upload("x")} | changes
    error = await worker.fail(job)
    assert error.code == code
    assert bucket.objects() == ["in/film.mp4"]
