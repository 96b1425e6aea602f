"""Outputs in a bucket from jobs over HTTP, through the RunPod handler and in the terminal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.media.sources import FFMPEG, make_clip
from support.programs.terminal import Terminal, new_terminal
from support.servers.api_server import Server, running_server
from support.servers.bucket import Bucket
from support.servers.s3_server import BUCKET

COPY = "-i clip.mp4 -c copy small.mp4"
LOOPBACK = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("storage")
    make_clip(folder / "data/clip.mp4")
    with running_server(folder, **LOOPBACK) as running:
        yield running


async def post(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Run a job that must succeed and return its result."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/api/{path}", json=body) as response,
    ):
        assert response.status == 200, await response.text()
        result: dict[str, Any] = await response.json()
        return result


async def is_playable(url: str, folder: Path) -> bool:
    """Whether the file at a URL can be decoded."""
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
        assert response.status == 200, await response.text()
        path = folder / "got.mp4"
        path.write_bytes(await response.read())
    decoded = subprocess.run(
        [FFMPEG, "-v", "error", "-i", path, "-f", "null", "-"], check=False, capture_output=True
    )
    return (decoded.returncode, decoded.stderr) == (0, b"")


async def test_jobs_over_http(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    result = await post(
        server, "ffmpeg/process", {"chainCmds": COPY, "upload": bucket.upload("a.mp4", presign=60)}
    )
    assert await is_playable(result["outputs"][0]["url"], tmp_path)
    film = {"url": f"s3://{BUCKET}/a.mp4", "credentials": bucket.credentials()}
    result = await post(server, "storage/download", {"input": film, "output": "back.mp4"})
    assert (server.data_root / "back.mp4").read_bytes() == bucket.server.read("a.mp4")
    upload = {"url": f"s3://{BUCKET}/up/", "credentials": bucket.credentials()}
    result = await post(server, "storage/upload", {"input": ["back.mp4", "clip.mp4"], "upload": upload})
    assert [output["path"] for output in result["outputs"]] == ["up/back.mp4", "up/clip.mp4"]
    assert bucket.server.read("up/clip.mp4") == (server.data_root / "clip.mp4").read_bytes()


async def run_handler(server: Server, job: dict[str, Any]) -> Any:
    """The result of a job that RunPod's handler sends to the server."""
    worker = RunpodWorker(ApiClient(ExternalApi(f"{server.url}/api", None), timeout_s=60), 1 << 20)
    response = await worker.handle({"id": "job", **job})
    assert response.get("success") is True, response
    return response["result"]


async def test_jobs_through_the_runpod_handler(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    upload = bucket.upload("orders/17/small.mp4", presign=60)
    job: dict[str, Any] = {"input": {"path": "/ffmpeg/process", "body": {"chainCmds": COPY}, "upload": upload}}
    [output] = (await run_handler(server, job))["outputs"]
    assert output["path"] == "orders/17/small.mp4"
    assert await is_playable(output["url"], tmp_path)
    # The same with RunPod's `s3Config` beside the input.
    own = bucket.credentials()
    config = {
        "accessId": own["aws_access_key_id"],
        "accessSecret": own["aws_secret_access_key"],
        "bucketName": BUCKET,
        "endpointUrl": own["aws_url"],
    }
    job = {"input": {"action": "process", "data": {"chainCmds": COPY}}, "s3Config": config}
    [output] = (await run_handler(server, job))["outputs"]
    assert output["url"] == f"{bucket.server.url}/{BUCKET}/small.mp4"
    assert bucket.objects() == ["orders/17/small.mp4", "small.mp4"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return new_terminal(tmp_path)


def test_jobs_in_the_terminal(terminal: Terminal, bucket: Bucket) -> None:
    make_clip(terminal.here / "clip.mp4", seconds=1)
    job = {"action": "process", "data": {"chainCmds": COPY}, "upload": bucket.upload("t.mp4")}
    (terminal.here / "job.json").write_text(json.dumps(job))
    ended = terminal.call("run", "job.json", env=LOOPBACK)
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.json["outputs"][0]["url"] == f"{bucket.server.url}/{BUCKET}/t.mp4"
    assert bucket.objects() == ["t.mp4"]
    bucket.server.fault = lambda method, _path: 403 if method == "PUT" else None
    ended = terminal.call("run", "job.json", env=LOOPBACK)
    assert ended.code not in {0, 1}
    assert "target_forbidden" in ended.stdout + ended.stderr
    assert terminal.leftovers() == []
