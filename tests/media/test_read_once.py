"""The worker parses and checks each command of a job exactly once."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.planning.commands import read_chain
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMANDS = ["-i clip.mp4 -t 1 once-1.mp4", "-i clip.mp4 -frames:v 1 once-2.jpg", "-i clip.mp4 -vn once-3.m4a"]
JOBS: dict[str, dict[str, Any]] = {
    "a chain": {"action": "process", "data": {"chainCmds": " && ".join(["-i clip.mp4 x.mp4", "-i x.mp4 y.mp4"])}},
    "three processes": {
        "action": "multi_process",
        "data": {"processes": [{"chainCmds": command} for command in COMMANDS]},
    },
    "three processes without shared decoding": {
        "action": "multi_process",
        "data": {"processes": [{"chainCmds": command} for command in COMMANDS], "fuse": False},
    },
}


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often commands are parsed, and checked by the option policy."""
    found: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            found[name] += 1
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(read_chain, "read_command_line", counted("parsed", read_command_line))
    monkeypatch.setattr(read_chain, "check_command", counted("checked", check_command))
    return found


@asynccontextmanager
async def running_api(worker: Worker) -> AsyncIterator[str]:
    """Serve the HTTP API of a worker in this process; yield its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(worker.services), log_level="error", lifespan="off"))
        serving = asyncio.ensure_future(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        finally:
            server.should_exit = True
            await serving


def count_commands(job: dict[str, Any]) -> int:
    return 2 if job["action"] == "process" else len(COMMANDS)


@pytest.mark.parametrize("name", JOBS)
async def test_a_job_of_the_worker(worker: Worker, counts: Counter[str], name: str) -> None:
    await worker.run(JOBS[name])
    expected = count_commands(JOBS[name])
    assert counts == {"parsed": expected, "checked": expected}


@pytest.mark.parametrize("name", JOBS)
async def test_a_job_through_the_runpod_worker(worker: Worker, counts: Counter[str], name: str) -> None:
    async with running_api(worker) as url:
        handler = RunpodWorker(ApiClient(ExternalApi(url, None), timeout_s=60), max_body_bytes=1 << 20)
        output = await handler.handle({"id": "job", "input": JOBS[name]})
    assert output.get("success") is True, output
    expected = count_commands(JOBS[name])
    assert counts == {"parsed": expected, "checked": expected}
