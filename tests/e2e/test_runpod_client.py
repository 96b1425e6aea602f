"""RunPod's client and the worker's RunPod SDK, with a fake platform between them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.folders import is_written
from support.programs.runpod_worker import running_runpod_worker
from support.servers.fake_runpod import open_fake_runpod
from support.wait_until import until_async

SHORT = "ffmpeg -f lavfi -i testsrc2=size=160x90:duration=1 -c:v libx264 short.mp4"
LONG = "ffmpeg -f lavfi -i testsrc2=size=640x360 -t 36000 -c:v libx264 long.mp4"


def process(command: str) -> dict[str, Any]:
    return {"input": {"action": "process", "data": {"chainCmds": command}}}


@pytest_asyncio.fixture
async def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    # Imported by name: the type checker would find this project's folder `runpod`.
    runpod = importlib.import_module("runpod")
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform):
        monkeypatch.setattr(runpod, "endpoint_url_base", f"{platform.url}/v2")
        opened = runpod.Endpoint("endpoint", api_key="key-of-a-client")
        yield opened
        opened.rp_client.rp_session.close()
        assert platform.client_keys == {"Bearer key-of-a-client"}


async def test_a_job_is_run_and_followed(endpoint: Any) -> None:
    good, bad = [
        await asyncio.to_thread(endpoint.run, process(command)) for command in (SHORT, "ffmpeg -i none.mp4 o.mp4")
    ]
    output = await asyncio.to_thread(good.output, timeout=30)
    assert output["success"] is True
    assert [made["name"] for made in output["result"]["outputs"]] == ["short.mp4"]
    assert (await asyncio.to_thread(good.status), await asyncio.to_thread(list, good.stream())) == (
        "COMPLETED",
        [],
    )
    assert (await asyncio.to_thread(bad.output, timeout=30))["details"]["code"] == "source_not_found"
    assert bad.status() == "FAILED"
    assert (await asyncio.to_thread(endpoint.run_sync, process(SHORT), timeout=30))["success"] is True
    health = await asyncio.to_thread(endpoint.health)
    assert (health["jobs"]["completed"], health["jobs"]["failed"]) == (2, 1)


async def test_a_job_is_cancelled_and_the_queue_is_purged(endpoint: Any, tmp_path: Path) -> None:
    jobs = [await asyncio.to_thread(endpoint.run, process(LONG)) for _ in range(12)]
    await until_async(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=30)
    purged = await asyncio.to_thread(endpoint.purge_queue)
    assert purged["removed"] > 0
    for job in jobs:
        await asyncio.to_thread(job.cancel)
    assert {await asyncio.to_thread(job.status) for job in jobs} == {"CANCELLED"}
    await until_async(lambda: not is_written(tmp_path / "scratch", "long.mp4"), within_s=10)
    assert (await asyncio.to_thread(endpoint.run_sync, process(SHORT), timeout=30))["success"] is True
