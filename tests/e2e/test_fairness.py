"""Two API keys at one server: one floods it, and the other is served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from support.servers.api_server import running_server
from support.wait_until import until_async

PROCESS = "/api/ffmpeg/process"
ENDLESS = "-re -f lavfi -i testsrc2=size=64x64:rate=5 -c:v mpeg4"
SHORT = "-f lavfi -i testsrc2=size=64x64:rate=5:duration=1"
JOBS = 50


async def send(session: aiohttp.ClientSession, key: str, command: str) -> tuple[int, dict[str, Any], str | None]:
    """Run a job; returns its status, its result or problem, and the seconds to wait before another try."""
    headers = {"Authorization": f"Bearer {key}"}
    async with session.post(PROCESS, json={"chainCmds": command, "timeout": 120}, headers=headers) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def test_a_key_that_floods_the_worker_delays_another_by_one_job(tmp_path: Path) -> None:
    variables = {"FFMPEG_WORKER_API_KEYS": "key-of-a,key-of-b", "MAX_CONCURRENCY": "1"}
    connector = aiohttp.TCPConnector(limit=0)
    with running_server(tmp_path, **variables) as server:
        async with aiohttp.ClientSession(server.url, connector=connector) as session:
            flood = [asyncio.ensure_future(send(session, "key-of-a", f"{ENDLESS} 0.mkv"))]
            await until_async(lambda: bool(server.engines()))
            flood += [
                asyncio.ensure_future(send(session, "key-of-a", f"{ENDLESS} {number}.mkv"))
                for number in range(1, JOBS)
            ]
            await until_async(lambda: len(server.job_folders()) == JOBS, within_s=30)
            status, problem, retry_after = await send(session, "key-of-a", f"{SHORT} more.mkv")
            assert (status, problem["code"], problem["fault"]) == (429, "key_queue_full", "caller")
            assert int(retry_after or 0) > 0

            other = asyncio.ensure_future(send(session, "key-of-b", f"{SHORT} b.mkv"))
            await until_async(lambda: len(server.job_folders()) == JOBS + 1)
            flood[0].cancel()  # the job that runs; the others would never end
            async with asyncio.timeout(30):
                status, result, _ = await other
            assert (status, [output["name"] for output in result["outputs"]]) == (200, ["b.mkv"])
            assert not any(task.done() for task in flood[1:])

            for task in flood:
                task.cancel()
            await asyncio.gather(*flood, return_exceptions=True)
        await until_async(server.is_idle)
        assert {path.name for path in server.data_root.rglob("*") if path.is_file()} == {"b.mkv"}
        keys = {line.get("code", ""): line["key"] for line in server.log_lines("request")}
        assert keys["key_queue_full"] == keys["cancelled"] != keys[""]
        assert "key-of-" not in server.log_path.read_text()
