"""A second attempt at a job reads its inputs by range again, those of a list too."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp

from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make
from support.queued_jobs import send, wait_for_end, wait_until
from support.servers.api_server import running_server
from support.servers.range_web import open_range_web

pytestmark = needs_sandbox

VARIABLES = {
    "MAX_CONCURRENCY": "4",
    "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
    "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
    "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
    "FFMPEG_WORKER_RANGED_MIN_BYTES": "1000",
}
STOP_AT = 2_000_000


def make_jobs(folder: str) -> list[dict[str, Any]]:
    """Two commands, the second of which reads all of an input; and a list of two inputs."""
    chain = "-t 0.2 -i {{v}} -c copy p.mov && ffmpeg -i {{v}} -c copy -f framemd5 o.txt"
    entries = f"file '{folder}b.mov'\noutpoint 3.5\nfile '{folder}c.mov'\ninpoint 1\n"
    listed = {"content": entries, "name": "l.txt"}
    by_list = "-f concat -safe 0 -i {{list}} -c copy -f framemd5 o.txt"
    return [
        {"action": "process", "inputs": inputs, "data": {"chainCmds": commands, "output": "o.txt"}}
        for inputs, commands in (({"v": f"{folder}a.mov"}, chain), ({"list": listed}, by_list))
    ]


async def read_output(session: aiohttp.ClientSession, url: str, job_id: str) -> bytes:
    async with session.get(f"{url}/api/jobs/{job_id}/outputs/o.txt") as response:
        assert response.status == 200
        return await response.read()


async def test_a_worker_is_killed_while_reads_wait(tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=5,format=uyvy422", "-c:v", "rawvideo")
    make(tmp_path / "data/a.mov", *picture, "-movflags", "+faststart")
    for name in "bc":
        (tmp_path / f"data/{name}.mov").write_bytes((tmp_path / "data/a.mov").read_bytes())
    async with open_range_web() as web, aiohttp.ClientSession() as session:
        web.files = {f"{name}.mov": (tmp_path / f"data/{name}.mov").read_bytes() for name in "abc"}
        web.stop_at = STOP_AT
        jobs = make_jobs(f"{web.new_place()}/")
        with running_server(tmp_path, **VARIABLES) as server:
            sent = [await send(session, server.url, job) for job in jobs]
            await wait_until(lambda: web.held_names >= {"a.mov", "b.mov"}, "the reads that wait")
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.to_thread(server.process.wait)
        web.reset()
        with running_server(tmp_path, **VARIABLES) as server:
            ends = [await wait_for_end(session, server.url, job_id) for job_id in sent]
            local = [await send(session, server.url, job) for job in make_jobs("")]
            for job_id in local:
                await wait_for_end(session, server.url, job_id)
            made, expected = [
                [await read_output(session, server.url, job_id) for job_id in ids] for ids in (sent, local)
            ]
    assert [(end["status"], end["attempts"]) for end in ends] == [("succeeded", 2)] * 2, ends
    assert [end["result"]["stats"]["inputs_by_range"] for end in ends] == [1, 2]
    assert made == expected
    assert all(len(content.splitlines()) > 60 for content in made)
