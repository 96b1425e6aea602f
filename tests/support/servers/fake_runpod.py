"""A fake of RunPod's platform: its API for workers, and its API for clients.

The workers' protocol is the one of SDK 1.12: `rp_job.py`, `rp_http.py` and `rp_ping.py` there.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from support.servers.serve_app import serve_app

MAX_RESULT_BYTES = 10_000_000
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
_POLL_S = 1.0


@dataclass
class PlatformJob:
    """What the platform knows about a job."""

    job: dict[str, Any]
    status: str = "IN_QUEUE"
    worker: str | None = None
    progress: list[Any] = field(default_factory=list)
    late: list[Any] = field(default_factory=list)
    """Messages that came after the result."""
    result: dict[str, Any] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, status: str) -> None:
        self.status = status
        self.ended.set()

    def as_json(self) -> dict[str, Any]:
        known = {"id": self.job["id"], "status": self.status, "workerId": self.worker}
        if self.result is not None:
            known |= {key: self.result[key] for key in ("output", "error") if key in self.result}
        elif self.progress:
            known["output"] = self.progress[-1]
        return known


@dataclass
class FakeRunpod:
    """Jobs are given with `submit`, and found in `jobs` and `results` by id."""

    url: str = ""
    jobs: dict[str, PlatformJob] = field(default_factory=dict)
    pings: list[str] = field(default_factory=list)
    """Path and query of each; `status=unhealthy` means that a check failed."""
    posts: list[tuple[str, int]] = field(default_factory=list)
    """Job id and status of the answer, for every result that was sent."""
    refusals: list[int] = field(default_factory=list)
    """Statuses of the next answers to results, in turn."""
    poll_status: int | None = None
    """Answer every poll at once with this."""
    polls: int = 0
    open_polls: int = 0
    """Polls that wait for a job now."""
    client_refusals: list[int] = field(default_factory=list)
    """Statuses of the next answers to clients of an endpoint, in turn."""
    client_keys: set[str | None] = field(default_factory=set)
    """Values of `Authorization` that clients sent."""
    slow_s: float = 0
    """Delay of every answer to a result."""
    _queue: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _stops: defaultdict[str | None, asyncio.Queue[str]] = field(default_factory=lambda: defaultdict(asyncio.Queue))
    """Ids of jobs to stop, by the worker that runs them."""
    _numbers: count[int] = field(default_factory=count)

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {job_id: known.result for job_id, known in self.jobs.items() if known.result is not None}

    def submit(self, job_id: str, job_input: Any, **beside: Any) -> PlatformJob:
        known = self.jobs[job_id] = PlatformJob({"id": job_id, "input": job_input, **beside})
        self._queue.put_nowait(job_id)
        return known

    def hand_out_again(self, job_id: str) -> None:
        """Queue a job again, as RunPod does when it considers the worker dead."""
        self._queue.put_nowait(job_id)

    def stop(self, job_id: str) -> None:
        """Cancel a job."""
        known = self.jobs[job_id]
        if known.status == "IN_PROGRESS":
            self._stops[known.worker].put_nowait(job_id)
        if known.status not in FINAL:
            known.end("CANCELLED")

    def environment(self) -> dict[str, str]:
        """The variables that RunPod sets for a worker."""
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{self.url}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{self.url}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{self.url}/job-stream/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_PING": f"{self.url}/ping/$RUNPOD_POD_ID?gpu=none",
            "RUNPOD_AI_API_KEY": "platform-key",
            "RUNPOD_POD_ID": "pod",
            "RUNPOD_PING_INTERVAL": "1000",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    async def take(self, request: web.Request) -> web.Response:
        self.polls += 1
        if self.poll_status is not None:
            return web.Response(status=self.poll_status)
        self.open_polls += 1
        try:
            ids = await self._poll(self._queue, int(request.query.get("batch_size", "1")))
        finally:
            self.open_polls -= 1
        jobs = [self.jobs[job_id] for job_id in ids if self.jobs[job_id].status not in FINAL]
        for known in jobs:
            known.status, known.worker = "IN_PROGRESS", request.match_info["worker"]
        if not jobs:
            return web.Response(status=204)
        handed_out = [known.job for known in jobs]
        return web.json_response(handed_out if "batch_size" in request.query else handed_out[0])

    async def tell_stops(self, request: web.Request) -> web.Response:
        ids = await self._poll(self._stops[request.match_info["worker"]], 100)
        return web.json_response({"jobsToStop": ids}) if ids else web.Response(status=204)

    async def done(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job"]
        raw = await request.read()
        if request.headers["Authorization"] != "platform-key" or job_id not in self.jobs:
            return web.json_response({}, status=401)
        body, known = await request.json(), self.jobs[job_id]
        if body.get("status") == "IN_PROGRESS":
            (known.late if known.status in FINAL else known.progress).append(body["output"])
            return web.json_response({})
        await asyncio.sleep(self.slow_s)
        status = self.refusals.pop(0) if self.refusals else 400 if len(raw) > MAX_RESULT_BYTES else 200
        self.posts.append((job_id, status))
        if status == 200 and known.status in FINAL:
            known.late.append(body)
        elif status == 200:
            known.result = body
            # RunPod takes an `error` that is no text for none.
            known.end("FAILED" if isinstance(body.get("error"), str) and body["error"] else "COMPLETED")
        return web.json_response({}, status=status)

    async def stream(self, _request: web.Request) -> web.Response:
        return web.json_response({})

    async def ping(self, request: web.Request) -> web.Response:
        self.pings.append(request.path_qs)
        return web.json_response({})

    async def run(self, request: web.Request) -> web.Response:
        body = await request.json()
        known = self.submit(f"{next(self._numbers)}-u1", body.pop("input"), **body)
        if request.path.endswith("/runsync"):
            with suppress(TimeoutError):
                await asyncio.wait_for(known.ended.wait(), 90)
        return web.json_response(known.as_json())

    async def tell_status(self, request: web.Request) -> web.Response:
        known = self.jobs.get(request.match_info["job"])
        if known is None:
            return web.json_response({"error": "job not found"}, status=404)
        match request.match_info["what"]:
            case "cancel":
                self.stop(known.job["id"])
            case "stream":
                return web.json_response({"status": known.status, "stream": []})
        return web.json_response(known.as_json())

    async def purge(self, _request: web.Request) -> web.Response:
        waiting = [known for known in self.jobs.values() if known.status == "IN_QUEUE"]
        for known in waiting:
            known.end("CANCELLED")
        return web.json_response({"removed": len(waiting), "status": "completed"})

    async def tell_health(self, _request: web.Request) -> web.Response:
        statuses = [known.status for known in self.jobs.values()]
        names = {"COMPLETED": "completed", "FAILED": "failed", "IN_PROGRESS": "inProgress", "IN_QUEUE": "inQueue"}
        return web.json_response({"jobs": {name: statuses.count(status) for status, name in names.items()}})

    async def _poll(self, queue: asyncio.Queue[str], most: int) -> list[str]:
        """Keep the request open: if it were answered at once, the SDK would poll a thousand times a second."""
        try:
            async with asyncio.timeout(_POLL_S):
                found = [await queue.get()]
        except TimeoutError:
            return []
        while len(found) < most and not queue.empty():
            found.append(queue.get_nowait())
        return found


def _make_app(platform: FakeRunpod) -> web.Application:
    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v2/"):
            platform.client_keys.add(request.headers.get("Authorization"))
            if platform.client_refusals:
                return web.json_response({}, status=platform.client_refusals.pop(0))
        return await handler(request)

    app = web.Application(client_max_size=64 << 20, middlewares=[refuse])
    app.router.add_get("/job-take/{worker}", platform.take)
    app.router.add_get("/job-take-batch/{worker}", platform.take)
    app.router.add_get("/job-stop/{worker}", platform.tell_stops)
    app.router.add_get("/ping/{worker}", platform.ping)
    app.router.add_post("/job-done/{worker}/{job}", platform.done)
    app.router.add_post("/job-stream/{worker}/{job}", platform.stream)
    app.router.add_post("/v2/{endpoint}/run", platform.run)
    app.router.add_post("/v2/{endpoint}/runsync", platform.run)
    app.router.add_get("/v2/{endpoint}/health", platform.tell_health)
    app.router.add_post("/v2/{endpoint}/purge-queue", platform.purge)
    app.router.add_route("*", "/v2/{endpoint}/{what:status|stream|cancel}/{job}", platform.tell_status)
    return app


@asynccontextmanager
async def serving(platform: FakeRunpod, port: int = 0) -> AsyncIterator[None]:
    """Serve a platform; a second call brings it back after it was gone."""
    # A poll whose worker is gone must take no job.
    async with serve_app(_make_app(platform), port, is_cancelled=True) as platform.url:
        yield


@asynccontextmanager
async def open_fake_runpod() -> AsyncIterator[FakeRunpod]:
    """A fake platform on a free port of 127.0.0.1."""
    platform = FakeRunpod()
    async with serving(platform):
        yield platform
