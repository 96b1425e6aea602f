"""Jobs of a platform that come twice: which are recognized, and what the bucket may refuse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.pipeline import redelivery
from support.media.sources import make_clip
from support.servers.bucket import Bucket
from support.servers.s3_server import BUCKET
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOPBACK = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.0/8"}
COPY = "-i clip.mp4 -c copy small.mp4"
MANIFEST = "k/.ffmpeg-worker/job.json"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory, served: Bucket) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("worker")
    make_clip(root / "data/clip.mp4")
    own = served.credentials()
    settings = {
        "bucket_endpoint_url": f"{served.server.url}/{BUCKET}",
        "bucket_access_key_id": own["aws_access_key_id"],
        "bucket_secret_access_key": own["aws_secret_access_key"],
        "bucket_prefix": "out",
    }
    async with open_worker(root, **LOOPBACK, **settings) as opened:
        yield opened


async def deliver(
    worker: Worker, data: Any, *, action: str = "process", owner: str = "anonymous"
) -> dict[str, Any]:
    body = JobBody(action, json.dumps(data).encode(), platform_job_id="job")
    worker.events.clear()
    return (await worker.services.run(body, observer=worker.events.append, owner=owner)).as_json()


async def test_keys_in_the_default_bucket_follow_from_the_platforms_id(worker: Worker, bucket: Bucket) -> None:
    first = await deliver(worker, {"chainCmds": COPY})
    assert bucket.objects() == ["out/job/.ffmpeg-worker/job.json", "out/job/small.mp4"]
    again = await deliver(worker, {"chainCmds": COPY})
    assert again["job_id"] == first["job_id"]
    assert [event.stage for event in worker.events] == ["done"]
    assert len(bucket.asked("PUT")) == 2


async def test_processes_of_which_one_failed_are_reported_again(worker: Worker, bucket: Bucket) -> None:
    processes = [{"chainCmds": COPY}, {"chainCmds": "-i clip.mp4 -c:v nothing b.mp4"}]
    job = {"processes": processes, "upload": bucket.upload("k")}
    first = await deliver(worker, job, action="multi_process")
    assert (first["succeeded"], first["failed"]) == (1, 1)
    assert await deliver(worker, job, action="multi_process") == first


async def test_every_object_counts(worker: Worker, bucket: Bucket) -> None:
    job = {"chainCmds": "-i clip.mp4 -c copy -hls_time 1 -hls_list_size 0 v.m3u8", "upload": bucket.upload("k/")}
    first = await deliver(worker, job)
    assert len(first["outputs"]) > 1
    bucket.server.requests.clear()
    assert await deliver(worker, job) == first
    assert sorted(bucket.asked("HEAD")) == sorted(output["path"] for output in first["outputs"])
    bucket.client.delete_object(Bucket=BUCKET, Key=first["outputs"][-1]["path"])
    assert (await deliver(worker, job))["job_id"] != first["job_id"]


@pytest.mark.parametrize("status", [403, 400])
async def test_a_manifest_that_cannot_be_written_fails_no_job(worker: Worker, bucket: Bucket, status: int) -> None:
    bucket.server.fault = lambda method, path: status if method == "PUT" and ".ffmpeg-worker" in path else None
    await deliver(worker, {"chainCmds": COPY, "upload": bucket.upload("k/")})
    assert bucket.objects() == ["k/small.mp4"]


async def test_credentials_that_may_not_read_are_enough(worker: Worker, bucket: Bucket) -> None:
    bucket.server.fault = lambda method, _path: 403 if method in {"GET", "HEAD"} else None
    job = {"chainCmds": COPY, "upload": bucket.upload("k/")}
    await deliver(worker, job)
    await deliver(worker, job)
    assert bucket.asked("PUT") == ["k/small.mp4", MANIFEST] * 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 5000, b'{"version": 2}', b" " * (2 << 20)])
async def test_a_broken_manifest_counts_for_nothing(worker: Worker, bucket: Bucket, content: bytes) -> None:
    bucket.server.plant(MANIFEST, content)
    await deliver(worker, {"chainCmds": COPY, "upload": bucket.upload("k/")})
    assert bucket.asked("PUT") == ["k/small.mp4", MANIFEST]


async def test_a_result_of_another_shape_counts_for_nothing(worker: Worker, bucket: Bucket) -> None:
    job = {"chainCmds": COPY, "upload": bucket.upload("k/")}
    await deliver(worker, job)
    manifest = json.loads(bucket.server.read(MANIFEST) or b"")
    bucket.server.plant(MANIFEST, json.dumps({**manifest, "result": {"outputs": 7}}).encode())
    await deliver(worker, job)
    assert bucket.asked("PUT") == ["k/small.mp4", MANIFEST] * 2


async def test_a_result_that_is_too_large_is_not_recorded(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "RESULT_MANIFEST_BYTES", 10)
    await deliver(worker, {"chainCmds": COPY, "upload": bucket.upload("k/")})
    assert bucket.objects() == ["k/small.mp4"]


async def test_targets_that_cannot_be_read_have_no_manifest(worker: Worker, bucket: Bucket) -> None:
    address = bucket.signed("put_object", "p/small.mp4")
    await deliver(worker, {"chainCmds": COPY, "upload": {"url": address}})
    assert bucket.objects() == ["p/small.mp4"]
    bucket.server.requests.clear()
    await deliver(worker, {"chainCmds": COPY, "upload": {"cloud_type": "LOCAL"}})
    await deliver(worker, {"input": "clip.mp4"}, action="probe")
    assert bucket.server.requests == []


async def test_jobs_without_an_id_or_with_the_setting_off_have_no_manifest(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worker.process(COPY, upload=bucket.upload("k/"))
    monkeypatch.setattr(
        worker.services, "settings", worker.services.settings.model_copy(update={"result_manifests": False})
    )
    await deliver(worker, {"chainCmds": COPY, "upload": bucket.upload("k/")})
    assert bucket.objects() == ["k/small.mp4"]


async def test_ids_of_different_keys_are_different_jobs(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = worker.services.settings.model_copy(
        update={"api_keys": (SecretStr("first-key"), SecretStr("second-key"))}
    )
    several.__dict__.pop("has_several_keys", None)  # computed once
    monkeypatch.setattr(worker.services, "settings", several)
    for owner in ("key-1", "key-2"):
        await deliver(worker, {"chainCmds": COPY}, owner=owner)
    assert bucket.outputs() == ["out/job-key-1/small.mp4", "out/job-key-2/small.mp4"]
