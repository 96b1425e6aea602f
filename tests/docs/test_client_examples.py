"""The example clients bring jobs to a worker and its answers back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ffmpeg_worker.job.parse import parse_job
from support.doc_examples import ROOT
from support.server import running_server
from support.stand_in_platform import StandInPlatform, stand_in_platform

pytestmark = pytest.mark.asyncio(loop_scope="module")
if not os.environ.get("REQUIRE_ALL"):
    pytest.importorskip("runpod.serverless")

EXAMPLES = ROOT / "examples"
REQUESTS = {path.stem: path for path in (EXAMPLES / "runpod-console").glob("*.json")}
KEY, ENDPOINT = "key-of-a-client", "endpoint"
JS_SDK = "runpod-sdk@1.1.2"


@dataclass
class ClientDoor:
    """The side of RunPod that clients see, before a stand-in for the one that workers see."""

    platform: StandInPlatform
    jobs: int = 0

    async def run(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.jobs += 1
        self.platform.submit(f"job-{self.jobs}", (await request.json())["input"])
        return web.json_response({"id": f"job-{self.jobs}", "status": "IN_QUEUE"})

    async def status(self, request: web.Request) -> web.Response:
        job_id = request.match_info["job"]
        ended = self.platform.results.get(job_id)
        if ended is None:
            return web.json_response({"id": job_id, "status": "IN_PROGRESS"})
        return web.json_response({"id": job_id, "status": "FAILED" if "error" in ended else "COMPLETED", **ended})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client_environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """What a client needs to reach a worker that runs as RunPod starts it."""
    folder = tmp_path_factory.mktemp("clients")
    plain = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {"HOME": str(folder)}
    own = {"FS_PATH": str(folder / "data"), "FFMPEG_WORKER_SCRATCH_ROOT": str(folder / "scratch")}
    async with stand_in_platform() as platform:
        door = ClientDoor(platform)
        app = web.Application()
        app.router.add_post(f"/v2/{ENDPOINT}/run", door.run)
        app.router.add_get(f"/v2/{ENDPOINT}/status/{{job}}", door.status)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            ROOT / "runpod/handler.py",
            env={**plain, **own, **platform.environment()},
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            base = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
            addressed = {"RUNPOD_ENDPOINT_BASE_URL": base, "RUNPOD_ENDPOINT_ID": ENDPOINT, "RUNPOD_API_KEY": KEY}
            yield {**plain, **addressed}
        finally:
            # The SDK's heartbeat is a process of its own, and lives on when the worker is killed.
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
            await runner.cleanup()


async def call(environment: dict[str, str], *command: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a client."""
    client = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(90):
        out, error = await client.communicate()
    assert client.returncode is not None
    return client.returncode, out.decode(), error.decode()


def needed(*programs: str) -> None:
    """Skip where a program is missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing and not os.environ.get("REQUIRE_ALL"):
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="module")
def js_client(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """The JavaScript client beside its SDK: Node looks for packages beside the file."""
    needed("node", "npm")
    folder = tmp_path_factory.mktemp("js")
    shutil.copy(EXAMPLES / "runpod_client.mjs", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), JS_SDK]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if ended.returncode and not os.environ.get("REQUIRE_ALL"):
        pytest.skip("RunPod's JavaScript SDK cannot be installed here")
    assert ended.returncode == 0, ended.stderr
    return ["node", folder / "runpod_client.mjs"]


async def check_client(environment: dict[str, str], folder: Path, command: list[str | Path]) -> None:
    """It prints the result of a job that works, and of one that does not what the worker says."""
    code, out, error = await call(environment, *command, REQUESTS["process"])
    assert (code, error) == (0, "")
    assert [output["name"] for output in json.loads(out)["outputs"]] == ["example.mp4"]

    wrong = folder / "wrong.json"
    wrong.write_text('{"input": {"action": "process", "data": {"chainCmds": "ffmpeg -i none.mp4 a.mp4"}}}')
    code, out, error = await call(environment, *command, wrong)
    assert (code, out) == (1, "")
    assert "none.mp4" in error
    assert "Traceback" not in error
    assert KEY not in error


async def test_python(client_environment: dict[str, str], tmp_path: Path) -> None:
    await check_client(client_environment, tmp_path, [sys.executable, EXAMPLES / "runpod_client.py"])


async def test_javascript(client_environment: dict[str, str], tmp_path: Path, js_client: list[str | Path]) -> None:
    await check_client(client_environment, tmp_path, js_client)


async def test_curl(client_environment: dict[str, str], tmp_path: Path) -> None:
    needed("bash", "curl", "jq")
    await check_client(client_environment, tmp_path, ["bash", EXAMPLES / "runpod.sh"])


async def test_every_request_for_the_console_runs(client_environment: dict[str, str]) -> None:
    """In this order: each reads what one before it has made."""
    client = EXAMPLES / "runpod_client.py"
    for name in ("process", "probe", "multi_process", "vmaf"):
        code, out, error = await call(client_environment, sys.executable, client, REQUESTS[name])
        assert (code, error) == (0, ""), name
        assert json.loads(out).get("failed", 0) == 0


@pytest.mark.parametrize("name", sorted(REQUESTS))
async def test_a_request_for_the_console_is_a_job(name: str) -> None:
    request: dict[str, Any] = json.loads(REQUESTS[name].read_text(encoding="utf-8"))
    assert set(request) == {"input"}
    parse_job(request["input"])


async def test_curl_against_an_api_of_ones_own(tmp_path: Path) -> None:
    needed("bash", "curl")
    job = '{"chainCmds": "ffmpeg -f lavfi -i testsrc2=size=64x64:duration=0.2 -c:v libx264 own.mp4"}'
    with running_server(tmp_path, FFMPEG_WORKER_API_KEYS="own-key") as server:
        environment = {"PATH": os.environ["PATH"], "API": f"{server.url}/api"}
        script: list[str | Path] = ["bash", EXAMPLES / "self_hosted.sh", "ffmpeg/process", job]
        code, out, _ = await call({**environment, "API_KEY": "own-key"}, *script)
        assert (code, json.loads(out)["outputs"][0]["name"]) == (0, "own.mp4")
        code, out, _ = await call(environment, *script)
        assert (code, json.loads(out)["code"]) == (22, "unauthorized")
