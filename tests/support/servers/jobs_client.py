"""A caller of the jobs API, and the jobs that its tests send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

PROCESS = "/api/ffmpeg/process"
SHORT = {"chainCmds": "-f lavfi -i color=size=16x16:rate=5:duration=0.2 -c:v mpeg4 short.mkv"}
LONG = {"chainCmds": "-re -f lavfi -i color=size=16x16:rate=5 -t 300 -c:v mpeg4 long.mkv"}
WRONG = {"chainCmds": "-i missing.mp4 out.mp4"}
NDJSON = {"Accept": "application/x-ndjson"}
WITHIN_S = 60


def whole_job(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A whole job of the action `process`."""
    return {"action": "process", "data": data, **more}


@dataclass
class JobsClient:
    """A caller with one API key."""

    session: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, body: Any = None, status: int = 200, **headers: Any
    ) -> tuple[Any, Any]:
        """Send a request; returns the JSON and the headers of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            asyncio.timeout(WITHIN_S),
            self.session.request(method, path, json=body, headers=named) as response,
        ):
            text = await response.text()
            assert response.status == status, text
            return json.loads(text), response.headers

    async def send(self, data: dict[str, Any], path: str = "/api/jobs", status: int = 202, **more: Any) -> Any:
        """Queue a job; returns its record."""
        return (await self.ask("POST", path, whole_job(data, **more), status))[0]

    async def events(self, job_id: str, **headers: str) -> AsyncIterator[tuple[str, int, dict[str, Any]]]:
        """Yield name, id and record of the events of a job."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(f"/api/jobs/{job_id}/events", headers=named) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            fields: dict[str, str] = {}
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "data" in fields:
                    yield fields["event"], int(fields["id"]), json.loads(fields["data"])
                    fields = {}

    async def cancel_all(self) -> None:
        """Cancel all jobs that have not ended."""
        page, _ = await self.ask("GET", "/api/jobs?status=queued,running,cancelling&limit=200")
        for job in page["jobs"]:
            async with self.session.delete(f"/api/jobs/{job['id']}?wait=30") as response:
                assert response.status == 200


@asynccontextmanager
async def open_jobs_client(url: str, key: str) -> AsyncIterator[JobsClient]:
    """Open a caller with a key; what it has sent is cancelled at its end."""
    async with aiohttp.ClientSession(url, headers={"X-API-Key": key}) as session:
        client = JobsClient(session)
        yield client
        await client.cancel_all()
