"""The RunPod worker in production: RunPod's own SDK, before a stand-in for RunPod's platform."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from support.folders import is_written
from support.processes import alive, children_of
from support.stand_in_platform import StandInPlatform, stand_in_platform
from support.until import until_async

if not os.environ.get("REQUIRE_ALL"):
    pytest.importorskip("runpod.serverless")

HANDLER = Path(__file__).parents[2] / "runpod" / "handler.py"


def process(command: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": command}}


SHORT = process("ffmpeg -f lavfi -i testsrc2=size=160x90:duration=1 -c:v libx264 short.mp4")
LONG = process("ffmpeg -f lavfi -i testsrc2=size=640x360 -t 36000 -c:v libx264 long.mp4")


@asynccontextmanager
async def production(
    folder: Path, platform: StandInPlatform, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The worker as RunPod starts it, with a data root of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNPOD_", "FFMPEG_"))}
    own = {"HOME": folder, "FS_PATH": folder / "data", "FFMPEG_WORKER_SCRATCH_ROOT": folder / "scratch"}
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        HANDLER,
        env={**kept, **{name: str(path) for name, path in own.items()}, **platform.environment(), **more},
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield worker
    finally:
        # The SDK's heartbeat is a process of its own, and lives on when the worker is killed.
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()


def descendants(pid: int) -> set[int]:
    below = set(children_of(pid))
    return below.union(*(descendants(child) for child in below))


async def test_jobs_are_answered_stopped_and_the_worker_ends_cleanly(tmp_path: Path) -> None:
    async with stand_in_platform() as platform, production(tmp_path, platform) as worker:
        platform.submit("good", SHORT)
        platform.submit("bad", process("ffmpeg -i missing.mp4 o.mp4"))
        platform.submit("none", {})
        await until_async(lambda: len(platform.results) == 3, within_s=30)
        assert platform.results["good"]["output"]["success"] is True
        assert "missing.mp4" in platform.results["bad"]["error"]
        assert platform.results["bad"]["output"]["details"]["code"] == "source_not_found"
        assert isinstance(platform.results["none"]["error"], str)
        await until_async(lambda: bool(platform.pings))

        platform.submit("long", LONG)
        await until_async(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=10)
        platform.stop("long")
        await until_async(lambda: not is_written(tmp_path / "scratch", "long.mp4"), within_s=5)
        platform.submit("after", SHORT)
        await until_async(lambda: "after" in platform.results, within_s=10)
        assert "long" not in platform.results

        below = descendants(worker.pid)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 15) == 0
        await until_async(lambda: not any(alive(pid) for pid in below), within_s=3)


async def test_only_the_heartbeat_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    async with stand_in_platform() as platform, production(tmp_path, platform) as worker:
        platform.submit("long", LONG)
        await until_async(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=30)
        below = descendants(worker.pid)
        worker.kill()
        await until_async(lambda: sum(alive(pid) for pid in below) <= 1, within_s=3)


async def test_a_worker_that_cannot_run_jobs_says_so_and_takes_none(tmp_path: Path) -> None:
    async with stand_in_platform() as platform:
        platform.submit("waits", SHORT)
        async with production(tmp_path, platform, FFMPEG_PATH=str(tmp_path / "none")) as worker:
            assert await asyncio.wait_for(worker.wait(), 30) == 1
        assert any("unhealthy" in ping for ping in platform.pings)
        assert platform.results == {}
