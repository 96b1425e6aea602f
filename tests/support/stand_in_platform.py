"""A stand-in for RunPod's platform, as a worker sees it: hands out jobs, takes results, tells what to stop.

The protocol is the one of SDK 1.12: `rp_job.py`, `rp_http.py` and `rp_ping.py` there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

_POLL_S = 1.0


@dataclass
class StandInPlatform:
    """Put jobs with `submit`, read `results` by job id; `pings` counts the worker's heartbeats."""

    url: str = ""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    pings: list[str] = field(default_factory=list)
    """Path and query of each; one with `status=unhealthy` says that a check failed."""
    _jobs: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _stops: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def submit(self, job_id: str, job_input: Any) -> None:
        self._jobs.put_nowait({"id": job_id, "input": job_input})

    def stop(self, job_id: str) -> None:
        self._stops.put_nowait(job_id)

    def environment(self) -> dict[str, str]:
        """What RunPod puts into a worker's environment."""
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{self.url}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{self.url}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_PING": f"{self.url}/ping/$RUNPOD_POD_ID?gpu=none",
            "RUNPOD_AI_API_KEY": "platform-key",
            "RUNPOD_POD_ID": "pod",
            "RUNPOD_PING_INTERVAL": "1000",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    async def take(self, request: web.Request) -> web.Response:
        if (first := await _poll(self._jobs)) is None:
            return web.Response(status=204)
        if "batch_size" not in request.query:
            return web.json_response(first)
        jobs = [first]
        while len(jobs) < int(request.query["batch_size"]) and not self._jobs.empty():
            jobs.append(self._jobs.get_nowait())
        return web.json_response(jobs)

    async def tell_stops(self, _request: web.Request) -> web.Response:
        job_id = await _poll(self._stops)
        return web.Response(status=204) if job_id is None else web.json_response({"jobsToStop": [job_id]})

    async def done(self, request: web.Request) -> web.Response:
        self.results[request.match_info["job"]] = await request.json()
        return web.json_response({})

    async def ping(self, request: web.Request) -> web.Response:
        self.pings.append(request.path_qs)
        return web.json_response({})


async def _poll(queue: asyncio.Queue[Any]) -> Any:
    """Hold the request open: answered at once, the SDK would ask a thousand times a second."""
    try:
        async with asyncio.timeout(_POLL_S):
            return await queue.get()
    except TimeoutError:
        return None


@asynccontextmanager
async def stand_in_platform() -> AsyncIterator[StandInPlatform]:
    """A platform on a free port of loopback."""
    platform = StandInPlatform()
    app = web.Application()
    app.router.add_get("/job-take/{worker}", platform.take)
    app.router.add_get("/job-take-batch/{worker}", platform.take)
    app.router.add_get("/job-stop/{worker}", platform.tell_stops)
    app.router.add_get("/ping/{worker}", platform.ping)
    app.router.add_post("/job-done/{worker}/{job}", platform.done)
    # A poll whose worker is gone must take no job with it.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        platform.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield platform
    finally:
        await runner.cleanup()
