"""The RunPod worker when the platform or the API fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from support.programs.runpod_worker import running_runpod_worker
from support.servers.fake_api import RESULTS, FakeApi, open_fake_api
from support.servers.fake_runpod import FakeRunpod, serving
from support.wait_until import until_async

JOB = {"action": "process", "data": {"chainCmds": "ffmpeg -i a.mp4 b.mp4"}}
RESPONSE = {"success": True, "result": RESULTS["process"]}


@dataclass
class Scene:
    """A worker with a fake platform and a fake API."""

    platform: FakeRunpod
    api: FakeApi
    released: asyncio.Event = field(default_factory=asyncio.Event)
    network: AsyncExitStack = field(default_factory=AsyncExitStack)

    def hold(self) -> None:
        """Let the API respond only after `released` is set."""

        async def reply(request: web.Request) -> web.Response:
            await self.released.wait()
            return web.json_response(RESULTS["process"])

        self.api.reply = reply

    async def ended(self, *job_ids: str) -> None:
        await until_async(
            lambda: all(self.platform.jobs[job_id].ended.is_set() for job_id in job_ids), within_s=30
        )


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A started worker that runs up to four jobs."""
    async with open_fake_api() as api, AsyncExitStack() as network:
        scene = Scene(FakeRunpod(), api, network=network)
        await network.enter_async_context(serving(scene.platform))
        own = {"FFMPEG_API_BASE_URL": api.base_url, "MAX_CONCURRENCY": "4"}
        async with running_runpod_worker(tmp_path, scene.platform, **own):
            yield scene


async def test_results_that_the_sdk_cannot_send(scene: Scene) -> None:
    texts = {
        "large": json.dumps({"outputs": ["x" * (9 << 20)]}),
        "surrogate": '{"outputs": ["\\udcff"]}',
        "html": "<html>",
    }

    async def reply(request: web.Request) -> web.Response:
        body = await request.json()
        return web.Response(text=texts[body["metadata"]["text"]], content_type="application/json")

    scene.api.reply = reply
    for name in texts:
        scene.platform.submit(name, {**JOB, "metadata": {"text": name}})
    await scene.ended(*texts)
    results = scene.platform.results
    assert results["large"]["output"]["details"]["code"] == "result_too_large"
    assert results["surrogate"]["output"]["result"] == {"outputs": ["?"]}
    assert results["html"]["output"]["details"]["code"] == "api_bad_answer"
    assert all(isinstance(results[name]["error"], str) for name in ("large", "html"))


async def test_a_platform_that_refuses_results(scene: Scene) -> None:
    for status, more in ((400, 0), (429, 0), (500, 0), (None, 1.0)):
        scene.platform.refusals = [] if status is None else [status]
        scene.platform.slow_s = more
        scene.platform.submit(f"after-{status}", JOB)
        await scene.ended(f"after-{status}")
    results = scene.platform.results
    assert results["after-400"]["output"]["details"]["code"] == "result_refused"
    assert [results[f"after-{status}"]["output"] for status in (429, 500, None)] == [RESPONSE] * 3
    assert [status for _, status in scene.platform.posts] == [400, 200, 429, 200, 500, 200, 200]
    assert len(scene.api.requests) == 4


async def test_failing_polls_are_not_repeated_at_once(scene: Scene) -> None:
    scene.platform.poll_status = 500
    await until_async(lambda: scene.platform.polls > 0, within_s=30)
    before, began = scene.platform.polls, time.monotonic()
    await until_async(lambda: scene.platform.polls >= before + 3, within_s=30)
    assert time.monotonic() - began > 0.5
    scene.platform.poll_status = None
    scene.platform.submit("then", JOB)
    await scene.ended("then")


async def test_a_platform_that_is_down_for_a_while(scene: Scene, tmp_path: Path) -> None:
    scene.hold()
    known = scene.platform.submit("meanwhile", JOB)
    await until_async(lambda: known.status == "IN_PROGRESS", within_s=30)
    await scene.network.aclose()
    scene.released.set()
    await until_async(lambda: "retrying to send result" in (tmp_path / "worker.log").read_text(), within_s=30)
    assert known.result is None
    await scene.network.enter_async_context(serving(scene.platform, port=urlsplit(scene.platform.url).port or 0))
    scene.platform.submit("then", JOB)
    await scene.ended("meanwhile", "then")
    assert scene.platform.results["meanwhile"]["output"] == RESPONSE


async def test_jobs_through_the_routes_of_the_platform(scene: Scene) -> None:
    async with aiohttp.ClientSession(f"{scene.platform.url}/v2/endpoint/") as client:
        async with client.post("runsync", json={"input": JOB, "policy": {"executionTimeout": 5000}}) as response:
            job = await response.json()
        assert (job["status"], job["output"], job["workerId"]) == ("COMPLETED", RESPONSE, "pod")
        assert scene.api.requests[0][2]["timeout"] == 4.05

        scene.hold()
        async with client.post("run", json={"input": JOB}) as response:
            job_id = (await response.json())["id"]
        await until_async(lambda: len(scene.api.requests) == 2)
        async with client.post(f"cancel/{job_id}") as response:
            assert (await response.json())["status"] == "CANCELLED"
        await until_async(lambda: scene.api.gone == 1)
        async with client.get("health") as response:
            assert (await response.json())["jobs"]["inProgress"] == 0
        assert job_id not in scene.platform.results
