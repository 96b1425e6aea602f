"""Overhead of the RunPod worker: RunPod's SDK with a fake platform, against the HTTP API directly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bench.api_server import TINY, ApiServer, running_server
from bench.table import median, ms, percentile, table

_HANDLER = Path(__file__).parent.parent / "runpod" / "handler.py"
_CONCURRENCY = 8
_WITHIN_S = 60.0


def measure(*, quick: bool) -> str:
    """Measure milliseconds to the first poll, milliseconds per job, and jobs per second at concurrency 8."""
    with running_server(MAX_CONCURRENCY=str(_CONCURRENCY)) as server:
        return asyncio.run(_measure(server, single=10 if quick else 50, many=20 if quick else 100))


async def _measure(server: ApiServer, *, single: int, many: int) -> str:
    async with aiohttp.ClientSession() as session, _open_platform() as platform:
        direct = _Direct(session, server)
        async with _open_worker(platform, server) as ready_s:
            for way in (direct, platform):
                await way.run(0)
            alone: dict[str, list[float]] = {"direct": [], "runpod": []}
            for number in range(single):  # in turns, so that the load of the machine affects both
                alone["direct"].append(await direct.run(number))
                alone["runpod"].append(await platform.run(number))
            direct_s = await _time_all(direct, many)
            runpod_s = await _time_all(platform, many)
    rows = [
        _row("HTTP", alone["direct"], many / direct_s, 1.0),
        _row("RunPod", alone["runpod"], many / runpod_s, direct_s / runpod_s),
    ]
    added = median(alone["runpod"]) - median(alone["direct"])
    notes = [
        f"The RunPod worker adds {ms(added)} ms per job ({single} each). Many: {many}, {_CONCURRENCY} at once.",
        f"Worker from its start to its first poll, with a running HTTP API: {ms(ready_s)} ms.",
    ]
    return table("RunPod", ["tiny job by", "p50 ms", "p95 ms", "many, jobs/s", "ratio"], rows, notes)


def _row(name: str, seconds: Sequence[float], rate: float, ratio: float) -> list[str]:
    return [name, ms(median(seconds)), ms(percentile(seconds, 0.95)), f"{rate:.1f}", f"{ratio:.2f}"]


async def _time_all(way: _Direct | _Platform, count: int) -> float:
    limit = asyncio.Semaphore(_CONCURRENCY if isinstance(way, _Direct) else count)

    async def one(number: int) -> None:
        async with limit:
            await way.run(number)

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    return time.perf_counter() - began


class _Direct:
    """Runs jobs through the HTTP API itself."""

    def __init__(self, session: aiohttp.ClientSession, server: ApiServer) -> None:
        self._session, self._url = session, f"{server.url}/api/ffmpeg/process"

    async def run(self, number: int) -> float:
        began = time.perf_counter()
        async with self._session.post(self._url, json={"chainCmds": [*TINY, f"http-{number}.mp4"]}) as response:
            assert response.status == 200, await response.text()
        return time.perf_counter() - began


class _Platform:
    """The part of RunPod's platform that a worker needs."""

    def __init__(self) -> None:
        self.url = ""
        self.polled = asyncio.Event()
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def run(self, number: int) -> float:
        job_id = f"job-{number}"
        ended = self._waiting[job_id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        job_input = {"action": "process", "data": {"chainCmds": [*TINY, f"runpod-{number}.mp4"]}}
        self._queue.put_nowait({"id": job_id, "input": job_input})
        result = await ended
        assert "error" not in result, result
        return time.perf_counter() - began

    async def take(self, request: web.Request) -> web.Response:
        self.polled.set()
        jobs = [await self._queue.get()]
        while len(jobs) < int(request.query.get("batch_size", "1")) and not self._queue.empty():
            jobs.append(self._queue.get_nowait())
        return web.json_response(jobs if "batch_size" in request.query else jobs[0])

    async def done(self, request: web.Request) -> web.Response:
        result = await request.json()
        if result.get("status") != "IN_PROGRESS":
            self._waiting.pop(request.match_info["job"]).set_result(result)
        return web.json_response({})

    async def hold(self, _request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError


@asynccontextmanager
async def _open_platform() -> AsyncIterator[_Platform]:
    platform = _Platform()
    app = web.Application()
    app.router.add_get("/{take:job-take|job-take-batch}/{worker}", platform.take)
    app.router.add_get("/job-stop/{worker}", platform.hold)
    app.router.add_post("/job-done/{worker}/{job}", platform.done)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        platform.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield platform
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _open_worker(platform: _Platform, server: ApiServer) -> AsyncIterator[float]:
    """Start a worker; yield the seconds until its first poll."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as home:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        began = time.perf_counter()
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_HANDLER),
            env={
                **kept,
                "HOME": home,
                "MAX_CONCURRENCY": str(_CONCURRENCY),
                "FFMPEG_API_BASE_URL": f"{server.url}/api",
                "RUNPOD_WEBHOOK_GET_JOB": f"{platform.url}/job-take/$ID?gpu=none",
                "RUNPOD_WEBHOOK_POST_OUTPUT": f"{platform.url}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
                "RUNPOD_POD_ID": "worker",
                "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
                "RUNPOD_SKIP_GPU_CHECK": "true",
            },
            cwd=home,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await asyncio.wait_for(platform.polled.wait(), _WITHIN_S)
            yield time.perf_counter() - began
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
