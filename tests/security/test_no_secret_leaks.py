"""No secret of a job or of the operator appears in responses, logs, files, command lines or environments."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.attacks.planted_secrets import Canaries, gossiping_server, watching
from support.jobs.secret_jobs import (
    Scene,
    good_compositions,
    good_jobs,
    malformed_compositions,
    malformed_jobs,
    process,
    refused_compositions,
    refused_jobs,
    web_jobs,
)
from support.media.sources import make_clip
from support.programs.runpod_worker import running_runpod_worker
from support.servers.api_server import running_server
from support.servers.bucket import open_bucket
from support.servers.fake_runpod import open_fake_runpod
from support.servers.s3_server import SECRET_ACCESS_KEY
from support.wait_until import until_async


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("leaks")
    make_clip(folder / "data/clip.mp4", extra=("-movflags", "+faststart"))
    canaries = Canaries()
    canaries.watch("secret of the good store", SECRET_ACCESS_KEY)
    api_key = canaries.plant_plain("API key")
    with gossiping_server() as gossip, open_bucket() as bucket:
        bucket.server.plant("clip.mp4", (folder / "data/clip.mp4").read_bytes())
        variables = {
            "FFMPEG_WORKER_LOG_LEVEL": "DEBUG",
            "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
            "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
            "FFMPEG_WORKER_GOOGLE_STORAGE_URL": f"{gossip}/403",
            "BUCKET_ENDPOINT_URL": f"{gossip}/403",
            "BUCKET_NAME": "own",
            "BUCKET_ACCESS_KEY_ID": canaries.plant_plain("BUCKET_ACCESS_KEY_ID"),
            "BUCKET_SECRET_ACCESS_KEY": canaries.plant("BUCKET_SECRET_ACCESS_KEY"),
            "AWS_SECRET_ACCESS_KEY": canaries.plant("AWS_SECRET_ACCESS_KEY"),
            "AZURE_STORAGE_ACCOUNT_KEY": canaries.plant_plain("AZURE_STORAGE_ACCOUNT_KEY"),
        }
        with running_server(folder, FFMPEG_WORKER_API_KEYS=api_key, **variables) as server:
            yield Scene(server, bucket, gossip, canaries, api_key, variables)


async def send(scene: Scene, path: str, body: Any) -> tuple[int, str]:
    """Send a job; return the status, and headers and body as text."""
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Authorization": f"Bearer {scene.api_key}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{scene.server.url}/api{path}", data=data, headers=headers) as response,
    ):
        return response.status, f"{dict(response.headers)} {await response.text()}"


KINDS = {
    "refused": refused_jobs,
    "good": good_jobs,
    "malformed": malformed_jobs,
    "refused compositions": refused_compositions,
    "good compositions": good_compositions,
    "malformed compositions": malformed_compositions,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_jobs_over_http(scene: Scene, kind: str) -> None:
    leaks = []
    statuses = set()
    with watching(scene.canaries, scene.server.pid, scene.server.scratch_root) as watch:
        for path, body in KINDS[kind](scene):
            status, response_text = await send(scene, path, body)
            statuses.add(status)
            leaks += [(place, path, response_text) for place in scene.canaries.found_in(response_text)]
    assert leaks == []
    assert watch.found == set()
    assert scene.canaries.found_in(scene.server.log_path.read_bytes()) == set()
    assert statuses & {"good": {200}, "refused": {403, 404, 502}, "malformed": {422}}[kind.split(maxsplit=1)[0]]
    assert not statuses & {500, 401}
    if kind.startswith("good"):
        assert min(watch.looked_at.values()) > 0


async def test_public_pages_and_metrics(scene: Scene) -> None:
    headers = {"Authorization": f"Bearer {scene.api_key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("/openapi.json", "/metrics", "/api/metrics", "/health", "/api/health"):
            async with session.get(f"{scene.server.url}{path}") as response:
                assert scene.canaries.found_in(await response.text()) == set(), path


async def test_jobs_through_the_runpod_worker(scene: Scene, tmp_path: Path) -> None:
    jobs = [
        next(job for job in good_jobs(scene)),
        next(job for job in refused_jobs(scene)),
        next(job for job in web_jobs(scene)),
        *[job for job in malformed_jobs(scene) if not isinstance(job[1], str)][:2],
    ]
    config = {
        "accessId": scene.canaries.plant_plain("s3Config"),
        "accessSecret": scene.canaries.plant("s3Config"),
        "bucketName": "b-b",
        "endpointUrl": f"{scene.gossip}/403",
    }
    given: list[dict[str, Any]] = [{"job_input": {"path": path, "body": body}} for path, body in jobs]
    given.append({"job_input": {"path": "/ffmpeg/process", "body": process()[1]}, "s3Config": config})
    make_clip(tmp_path / "data/clip.mp4", seconds=1)
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path, platform, **scene.variables) as worker,
    ):
        with watching(scene.canaries, worker.pid, tmp_path / "scratch") as watch:
            for number, job in enumerate(given):
                known = platform.submit(str(number), **job)
                await until_async(known.ended.is_set, within_s=60)
                response_text = json.dumps(known.result)
                assert ('"outputs"' in response_text) == (number == 0), response_text
                assert scene.canaries.found_in(response_text) == set(), response_text
    for name in ("worker.log", "worker.out"):
        assert scene.canaries.found_in((tmp_path / name).read_bytes()) == set()
    # The API is a child of the worker and has the operator's own variables.
    assert watch.found - {("environ", name) for name in scene.variables} == set()


async def test_the_checks_find_planted_secrets(scene: Scene) -> None:
    canaries = scene.canaries
    with watching(canaries, scene.server.pid, scene.server.scratch_root) as watch:
        in_response, in_command_line, in_file = (
            canaries.plant(place) for place in ("response", "command line", "file")
        )
        _, response_text = await send(
            scene,
            "/ffmpeg/process",
            {
                "chainCmds": [
                    *("-re -i clip.mp4 -f ffmetadata -i {{text}} -c copy -metadata").split(),
                    f"a={in_command_line}",
                    "o.mp4",
                ],
                "inputs": {"text": {"content": f";FFMETADATA1\ntitle={in_file}\n"}},
                "metadata": {"key": in_response},
                "upload": {"cloud_type": "LOCAL"},
            },
        )
    assert "response" in canaries.found_in(response_text)
    assert {("cmdline", "command line"), ("file", "file")} <= watch.found
    assert canaries.found_in(base64.b64encode(f"user:{in_response}".encode())) == {"response"}
    line = json.dumps({"event": "as in a log line", "key": in_file})
    assert canaries.found_in(line) == {"file"}
