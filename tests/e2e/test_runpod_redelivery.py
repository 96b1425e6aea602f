"""Jobs that RunPod delivers twice, to a real worker, with a fake platform and a fake S3 server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.programs.runpod_worker import running_runpod_worker
from support.servers.bucket import Bucket
from support.servers.fake_runpod import FakeRunpod, open_fake_runpod
from support.servers.s3_server import SECRET_ACCESS_KEY
from support.wait_until import until_async

LOOPBACK = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
KEY = "orders/17/o.mp4"
MANIFEST = "orders/17/.ffmpeg-worker/job-1.json"


def make_job(bucket: Bucket, **more: Any) -> dict[str, Any]:
    command = "ffmpeg -f lavfi -i testsrc2=size=64x64:duration=1 -c:v libx264 o.mp4"
    upload = bucket.upload("orders/17/", presign=3600)
    return {"action": "process", "data": {"chainCmds": command}, "upload": upload, "metadata": {"a": 1}, **more}


async def deliver(platform: FakeRunpod, job: dict[str, Any]) -> dict[str, Any]:
    """Deliver a job under the same id as ever; returns its result without the signature of the URL."""
    known = platform.submit("job-1", job)
    await until_async(known.ended.is_set, within_s=40)
    assert known.result is not None
    result: dict[str, Any] = known.result["output"]["result"]
    for output in result["outputs"]:
        address, _, signature = output["url"].partition("?")
        assert "X-Amz-Signature" in signature
        output["url"] = address
    return result


async def test_a_job_that_comes_again_is_done_once_as_long_as_its_outputs_are_there(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform, **LOOPBACK):
        first = await deliver(platform, make_job(bucket))
        assert bucket.objects() == [MANIFEST, KEY]
        assert bucket.asked("PUT") == [KEY, MANIFEST]

        assert await deliver(platform, make_job(bucket)) == first
        assert bucket.asked("PUT") == [KEY, MANIFEST]
        assert first["metadata"] == {"a": 1}

        bucket.client.delete_object(Bucket="bucket-of-tests", Key=KEY)
        again = await deliver(platform, make_job(bucket))
        assert again["job_id"] != first["job_id"]
        assert bucket.asked("PUT") == [KEY, MANIFEST] * 2

        size = len(bucket.server.read(KEY) or b"")
        bucket.server.plant(KEY, b"x" * size)
        await deliver(platform, make_job(bucket))
        assert bucket.server.read(KEY) != b"x" * size
        assert bucket.asked("PUT") == [KEY, MANIFEST] * 3

        other = await deliver(platform, make_job(bucket, metadata={"a": 2}))
        assert other["metadata"] == {"a": 2}
        assert bucket.asked("PUT") == [KEY, MANIFEST] * 4

    text = (bucket.server.read(MANIFEST) or b"").decode()
    manifest = json.loads(text)
    assert manifest["job_id"] == "job-1"
    assert [stored["key"] for stored in manifest["objects"]] == [KEY]
    assert SECRET_ACCESS_KEY not in text
    assert "Signature" not in text
    assert bucket.server.served_headers(MANIFEST)["content-type"] == "application/json"


async def test_the_parts_of_a_split_job_are_done_once(tmp_path: Path, bucket: Bucket) -> None:
    async with open_fake_runpod() as platform:
        settings = {
            **LOOPBACK,
            "FFMPEG_WORKER_RUNPOD_FAN_OUT": "2",
            "FFMPEG_WORKER_RUNPOD_FAN_OUT_WORKERS": "2",
            "FFMPEG_WORKER_RUNPOD_FAN_OUT_QUEUE_S": "0",
            "FFMPEG_WORKER_RUNPOD_API_KEY": "rpa_key",
            "RUNPOD_ENDPOINT_ID": "endpoint",
            "RUNPOD_ENDPOINT_BASE_URL": f"{platform.url}/v2",
            "MAX_CONCURRENCY": "1",
        }
        make = "ffmpeg -f lavfi -i testsrc2=size=64x64:duration=1 -c:v libx264"
        processes = [{"chainCmds": f"{make} {name}.mp4"} for name in "abc"]
        job = {"action": "multi_process", "data": {"processes": processes}, "upload": bucket.upload("all/")}
        async with running_runpod_worker(tmp_path, platform, **settings):
            results = []
            for _ in range(2):
                known = platform.submit("whole", job)
                await until_async(known.ended.is_set, within_s=40)
                assert known.result is not None
                results.append(known.result["output"]["result"])
    assert bucket.objects() == [
        "all/.ffmpeg-worker/whole.0-1.json",
        "all/.ffmpeg-worker/whole.1-3.json",
        *(f"all/{name}.mp4" for name in "abc"),
    ]
    assert sorted(bucket.asked("PUT")) == bucket.objects()
    assert results[0]["results"] == results[1]["results"]
    assert results[0]["succeeded"] == 3
