"""Webhooks of a real server: they come after the result, and also when their process was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from ffmpeg_worker.client.webhooks import verify_webhook
from support.servers.api_server import Server, running_server
from support.servers.receiver import hang, open_receiver
from support.wait_until import until_async

KEYS = {"one": {"X-API-Key": "one"}, "two": {"X-API-Key": "two"}}
TRACE = "0af7651916cd43dd8448eb211c80319c"
JOB = {"action": "download", "data": {"input": "a.txt"}, "metadata": {"order": "A-17"}}


def variables(folder: Path) -> dict[str, str]:
    return {
        "FFMPEG_WORKER_STATE_ROOT": str(folder / "state"),
        "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "true",
        "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.1/32",
        "FFMPEG_WORKER_API_KEYS": "one,two",
    }


def secret_of(folder: Path) -> str:
    """The secret that the command for operators prints."""
    command = [sys.executable, "-m", "ffmpeg_worker", "settings", "--webhook-secret"]
    run = subprocess.run(
        command, env={**os.environ, **variables(folder)}, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


async def request(method: str, url: str, key: str = "one", **more: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers=KEYS[key]) as session,
        session.request(method, url, **more) as response,
    ):
        return response.status, await response.json()


async def submit(server: Server, **fields: Any) -> str:
    """Send a job; returns its address."""
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    status, job = await request("POST", f"{server.url}/api/jobs", json={**JOB, **fields}, headers=headers)
    assert status == 202, job
    return str(job["status_url"])


async def test_webhooks_of_a_server(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("text")
    seen: list[Any] = []

    async def look(_request: web.BaseRequest) -> web.StreamResponse:
        """Read the job while its webhook is being received."""
        seen.append(await request("GET", receiver.received[-1].json["data"]["status_url"]))
        return web.Response()

    async with open_receiver() as receiver:
        with running_server(tmp_path, **variables(tmp_path)) as server:
            receiver.answers = [look]
            address = await submit(server, webhook=f"{receiver.url}/hook", callback_auth_header="X-Key: abc")
            message = await receiver.wait_for(1)
            event = verify_webhook(message.body, message.headers, secret_of(tmp_path))
            await until_async(lambda: bool(seen))
            assert seen == [(200, event["data"])]
            assert (event["type"], event["data"]["metadata"]) == ("job.succeeded", {"order": "A-17"})
            assert event["data"]["result"]["outputs"][0]["name"] == "a.txt"
            assert message.headers["traceparent"].split("-")[1] == TRACE
            await check_deliveries(address, event["id"])
            await receiver.wait_for(2)
            assert {each.id for each in receiver.received} == {event["id"]}

            refused = {**JOB, "callback_url": "https://user:secret-canary@app.example/"}
            status, problem = await request("POST", f"{server.url}/api/jobs", json=refused)
            assert (status, problem["code"]) == (403, "address_not_allowed")
            assert "secret-canary" not in str(problem) + server.log_path.read_text()

            receiver.answers = [hang]
            await submit(server, callback_url=receiver.url)
            lost = await receiver.wait_for(3)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
        receiver.answers = [204]
        with running_server(tmp_path, **variables(tmp_path)) as server:
            assert (await receiver.wait_for(4)).id == lost.id
            server.process.kill()


async def check_deliveries(address: str, delivery_id: str) -> None:
    """The log of a job's webhooks, and that one is sent again; other keys see neither."""
    log_address = f"{address}/deliveries"
    replay_address = f"{log_address}/{delivery_id}/replay"
    status, found = await request("GET", log_address)
    assert (status, [each["id"] for each in found["deliveries"]]) == (200, [delivery_id])
    assert (await request("GET", log_address, "two"))[0] == 404
    assert (await request("POST", replay_address, "two"))[0] == 404
    status, problem = await request("POST", f"{log_address}/msg_other/replay")
    assert (status, problem["code"]) == (404, "delivery_not_found")
    assert (await request("POST", replay_address))[0] == 202
