"""The example clients send jobs to a worker and print its results and errors."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.job.parse import parse_job
from support.docs.json_examples import ROOT
from support.npm_packages import RUNPOD_SDK, install_packages
from support.programs.runpod_worker import running_runpod_worker
from support.servers.api_server import running_server
from support.servers.fake_runpod import open_fake_runpod

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = ROOT / "examples"
REQUESTS = {path.stem: path for path in (EXAMPLES / "runpod-console").glob("*.json")}
KEY = "key-of-a-client"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client_environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Environment variables of a client, while a RunPod worker runs."""
    folder = tmp_path_factory.mktemp("clients")
    plain = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {"HOME": str(folder)}
    async with open_fake_runpod() as platform, running_runpod_worker(folder, platform):
        base = f"{platform.url}/v2"
        addressed = {"RUNPOD_ENDPOINT_BASE_URL": base, "RUNPOD_ENDPOINT_ID": "endpoint", "RUNPOD_API_KEY": KEY}
        yield {**plain, **addressed}
        assert platform.client_keys == {f"Bearer {KEY}"}


async def run_client(environment: dict[str, str], *command: str | Path) -> tuple[int, str, str]:
    """Run a client; return exit code, standard output and standard error."""
    client = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(90):
        out, error = await client.communicate()
    assert client.returncode is not None
    return client.returncode, out.decode(), error.decode()


def require_programs(*programs: str) -> None:
    """Skip the test if a program is missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="module")
def self_hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment variables of the same clients for a server of our own: they name another base URL."""
    folder = tmp_path_factory.mktemp("self_hosted")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {"HOME": str(folder)}
    with running_server(folder, FFMPEG_WORKER_API_KEYS=KEY) as server:
        base = f"{server.url}/v2"
        yield {
            **kept,
            "RUNPOD_ENDPOINT_BASE_URL": base,
            "RUNPOD_ENDPOINT_ID": "own",
            "RUNPOD_API_KEY": KEY,
        }


@pytest.fixture(scope="module")
def js_client(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """The JavaScript client, copied beside its SDK: Node searches packages beside the file."""
    folder = tmp_path_factory.mktemp("js")
    install_packages(folder, RUNPOD_SDK)
    shutil.copy(EXAMPLES / "runpod_client.mjs", folder)
    return ["node", folder / "runpod_client.mjs"]


async def check_client(environment: dict[str, str], folder: Path, command: list[str | Path]) -> None:
    """The client prints the result of a valid job, and the error of an invalid one."""
    code, out, error = await run_client(environment, *command, REQUESTS["process"])
    assert (code, error) == (0, "")
    assert [output["name"] for output in json.loads(out)["outputs"]] == ["example.mp4"]

    invalid = folder / "invalid.json"
    invalid.write_text('{"input": {"action": "process", "data": {"chainCmds": "ffmpeg -i none.mp4 a.mp4"}}}')
    code, out, error = await run_client(environment, *command, invalid)
    assert (code, out) == (1, "")
    assert "none.mp4" in error
    assert "Traceback" not in error
    assert KEY not in error


async def test_python_client(client_environment: dict[str, str], tmp_path: Path) -> None:
    await check_client(client_environment, tmp_path, [sys.executable, EXAMPLES / "runpod_client.py"])


async def test_javascript_client(
    client_environment: dict[str, str], tmp_path: Path, js_client: list[str | Path]
) -> None:
    await check_client(client_environment, tmp_path, js_client)


async def test_curl_client(client_environment: dict[str, str], tmp_path: Path) -> None:
    require_programs("bash", "curl", "jq")
    await check_client(client_environment, tmp_path, ["bash", EXAMPLES / "runpod.sh"])


# The client for each request after the first argument, in one process: its SDK takes a second to load.
RUN_EACH = """
import runpy, sys
client, *requests = sys.argv[1:]
for request in requests:
    sys.argv[1:] = [request]
    runpy.run_path(client, run_name="__main__")
    print()
"""


@pytest.mark.nightly
async def test_the_same_clients_work_with_a_server_of_our_own(
    self_hosted: dict[str, str], tmp_path: Path, js_client: list[str | Path]
) -> None:
    await check_client(self_hosted, tmp_path, [sys.executable, EXAMPLES / "runpod_client.py"])
    await check_client(self_hosted, tmp_path, js_client)


async def test_the_same_script_works_with_a_server_of_our_own(self_hosted: dict[str, str], tmp_path: Path) -> None:
    require_programs("bash", "curl", "jq")
    await check_client(self_hosted, tmp_path, ["bash", EXAMPLES / "runpod.sh"])


async def test_every_request_for_the_console_runs(client_environment: dict[str, str]) -> None:
    """The order matters: each request reads outputs of an earlier one."""
    requests = [REQUESTS[name] for name in ("process", "probe", "multi_process", "vmaf")]
    command: list[str | Path] = [sys.executable, "-c", RUN_EACH, EXAMPLES / "runpod_client.py", *requests]
    code, out, error = await run_client(client_environment, *command)
    assert (code, error) == (0, "")
    results, decoder = [], json.JSONDecoder()
    while out.strip():
        result, end = decoder.raw_decode(out.strip())
        results.append(result)
        out = out.strip()[end:]
    assert [result.get("failed", 0) for result in results] == [0] * 4


@pytest.mark.parametrize("name", sorted(REQUESTS))
async def test_a_request_for_the_console_is_a_job(name: str) -> None:
    request: dict[str, Any] = json.loads(REQUESTS[name].read_text(encoding="utf-8"))
    assert set(request) == {"input"}
    parse_job(request["input"])


async def test_curl_against_a_self_hosted_api(tmp_path: Path) -> None:
    require_programs("bash", "curl")
    job = '{"chainCmds": "ffmpeg -f lavfi -i testsrc2=size=64x64:duration=0.2 -c:v libx264 own.mp4"}'
    with running_server(tmp_path, FFMPEG_WORKER_API_KEYS="own-key") as server:
        environment = {"PATH": os.environ["PATH"], "API": f"{server.url}/api"}
        script: list[str | Path] = ["bash", EXAMPLES / "self_hosted.sh", "ffmpeg/process", job]
        code, out, _ = await run_client({**environment, "API_KEY": "own-key"}, *script)
        assert (code, json.loads(out)["outputs"][0]["name"]) == (0, "own.mp4")
        code, out, _ = await run_client(environment, *script)
        assert (code, json.loads(out)["code"]) == (22, "unauthorized")
