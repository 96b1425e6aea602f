"""RunPod's own clients work with a server of our own: only their base URL differs."""

from __future__ import annotations

import asyncio
import importlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import requests

from ffmpeg_worker.job_queue.seal import Seal, open_key_file
from support.docs.json_examples import ROOT
from support.npm_packages import RUNPOD_SDK, install_packages
from support.servers.api_server import Server, running_server
from support.wait_until import until, until_async

KEY, OTHER_KEY = "key-of-one-client", "key-of-another-client"
JS_CLIENT = ROOT / "tests" / "support" / "programs" / "runpod_js_client.mjs"
SHORT = "ffmpeg -f lavfi -i testsrc2=size=64x64:duration=0.2 -c:v libx264 short.mp4"
SLOW = "ffmpeg -re -f lavfi -i testsrc2=size=64x64:rate=5:duration=2.5 -c:v mpeg4 slow.mkv"
ENDLESS = "ffmpeg -re -f lavfi -i testsrc2=size=64x64:rate=5 -c:v mpeg4 endless.mkv"
WITHIN_S = 60


def process(command: str, **policy: Any) -> dict[str, Any]:
    return {"input": {"action": "process", "data": {"chainCmds": command}}, "policy": policy}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that runs one job at a time."""
    folder = tmp_path_factory.mktemp("server")
    state = {"FFMPEG_WORKER_STATE_ROOT": str(folder / "state"), "FFMPEG_WORKER_MAX_BODY_BYTES": "65536"}
    with running_server(
        folder, FFMPEG_WORKER_API_KEYS=f"{KEY},{OTHER_KEY}", MAX_CONCURRENCY="1", **state
    ) as server:
        yield server


@pytest.fixture
def runpod(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """RunPod's SDK, with the base URL of the server."""
    # Imported by name: the type checker would find this project's folder `runpod`.
    sdk = importlib.import_module("runpod")
    monkeypatch.setattr(sdk, "endpoint_url_base", f"{server.url}/v2")
    return sdk


@pytest.fixture
def endpoint(runpod: Any, server: Server) -> Iterator[Any]:
    """RunPod's client; after each test nothing is left of any job."""
    opened = runpod.Endpoint("any-id", api_key=KEY)
    yield opened
    opened.rp_client.rp_session.close()
    until(server.is_idle)
    assert KEY not in server.log_path.read_text()


@pytest.fixture
def http(server: Server) -> Iterator[requests.Session]:
    """A plain HTTP client with the key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"
        yield session


def wait_for(job: Any, *statuses: str) -> None:
    until(lambda: job._fetch_job()["status"] in statuses, within_s=WITHIN_S)


def test_jobs_are_run_and_their_errors_are_shown(endpoint: Any) -> None:
    before = endpoint.health(timeout=WITHIN_S)["jobs"]
    good = endpoint.run(process(SHORT))
    output = good.output(timeout=WITHIN_S)
    assert output["success"] is True
    assert [made["name"] for made in output["result"]["outputs"]] == ["short.mp4"]
    assert (good.status(), list(good.stream())) == ("COMPLETED", [])
    assert endpoint.run_sync(process(SHORT), timeout=WITHIN_S)["success"] is True
    missing = endpoint.run_sync({"input": {"action": "probe", "data": {"input": "none.mp4"}}}, timeout=WITHIN_S)
    assert missing["details"]["code"] == "source_not_found"
    # A job that cannot be read is shown by its output too: the client hides the bodies of refusals.
    invalid = endpoint.run({"action": "proces", "data": {}})
    assert invalid.output(timeout=WITHIN_S)["details"]["error"] == 'There is no action "proces".'
    assert invalid.status() == "FAILED"
    assert endpoint.run_sync({"input": {}}, timeout=WITHIN_S)["details"]["code"] == "invalid_job"
    after = endpoint.health(timeout=WITHIN_S)
    counted = {name: count - before[name] for name, count in after["jobs"].items()}
    assert counted == {"completed": 2, "failed": 3, "inProgress": 0, "inQueue": 0, "retried": 0}
    assert after["workers"] == {
        "idle": 1,
        "initializing": 0,
        "ready": 1,
        "running": 0,
        "throttled": 0,
        "unhealthy": 0,
    }


def test_a_job_that_runs_shows_its_progress(endpoint: Any) -> None:
    job = endpoint.run(process(SLOW))
    chunks = list(job.stream())
    stages = {chunk["progress"]["stage"] for chunk in chunks}
    assert "running" in stages
    percents = [chunk["progress"]["percent"] for chunk in chunks]
    assert percents == sorted(percents)
    assert job.status() == "COMPLETED"
    assert job.output()["result"]["outputs"][0]["name"] == "slow.mkv"


def test_jobs_are_cancelled_and_other_keys_are_left_alone(runpod: Any, endpoint: Any) -> None:
    running = endpoint.run(process(ENDLESS))
    wait_for(running, "IN_PROGRESS")
    queued = [endpoint.run(process(SHORT)) for _ in range(3)]
    others = runpod.Endpoint("other-id", api_key=OTHER_KEY)
    other = others.run(process(SHORT))
    assert queued[0].cancel(timeout=WITHIN_S) == {"id": queued[0].job_id, "status": "CANCELLED"}
    jobs = endpoint.health(timeout=WITHIN_S)["jobs"]
    assert (jobs["inProgress"], jobs["inQueue"]) == (1, 2)
    assert others.health(timeout=WITHIN_S)["jobs"]["inQueue"] == 1

    stolen = type(other)("any-id", running.job_id, others.rp_client)
    for call in (stolen.status, stolen.cancel):
        with pytest.raises(requests.HTTPError, match="404"):
            call()
    assert others.run_sync({"action": "proces"}, timeout=WITHIN_S)["details"]["code"] == "unknown_action"

    assert endpoint.purge_queue(timeout=WITHIN_S) == {"removed": 2, "status": "completed"}
    assert {job.status() for job in queued} == {"CANCELLED"}
    assert running.status() == "IN_PROGRESS"
    assert running.cancel(timeout=WITHIN_S)["status"] == "CANCELLED"
    assert running.status() == "CANCELLED"
    assert other.output(timeout=WITHIN_S)["success"] is True
    others.rp_client.rp_session.close()


def test_an_unknown_key_is_refused(runpod: Any) -> None:
    stranger = runpod.Endpoint("any-id", api_key="not-a-key")
    for call in (stranger.health, stranger.purge_queue, lambda: stranger.run(process(SHORT))):
        with pytest.raises(RuntimeError, match="401 Unauthorized"):
            call()


def test_a_job_may_run_and_wait_only_so_long(server: Server, endpoint: Any, http: requests.Session) -> None:
    running = endpoint.run(process(ENDLESS, executionTimeout="600000"))
    wait_for(running, "IN_PROGRESS")
    waiting = endpoint.run(process(SHORT, ttl=1))
    last = endpoint.run(process(SHORT, lowPriority=True))
    shown = http.get(f"{server.url}/api/jobs/{last.job_id}").json()
    assert shown["priority"] == 100
    wait_for(waiting, "TIMED_OUT")
    assert waiting.output()["details"]["code"] == "job_expired"
    assert running.status() == "IN_PROGRESS"
    running.cancel(timeout=WITHIN_S)
    assert last.output(timeout=WITHIN_S)["success"] is True
    timed_out = endpoint.run_sync(process(ENDLESS, executionTimeout=1500), timeout=WITHIN_S)
    assert timed_out["details"]["code"] == "timed_out"
    counts = endpoint.health(timeout=WITHIN_S)["jobs"]
    assert (counts["inProgress"], counts["inQueue"]) == (0, 0)


def test_a_call_that_waits_ends_and_its_job_goes_on(server: Server, http: requests.Session, endpoint: Any) -> None:
    url = f"{server.url}/v2/any-id"
    state = http.post(f"{url}/runsync?wait=1", json=process(ENDLESS)).json()
    assert state["status"] in {"IN_QUEUE", "IN_PROGRESS"}
    state = http.get(f"{url}/status-sync/{state['id']}?wait=1000").json()
    assert (state["status"], "executionTime" in state) == ("IN_PROGRESS", False)
    assert set(state["output"]) == {"progress"}
    assert http.post(f"{url}/status/{state['id']}").json()["status"] == "IN_PROGRESS"
    assert http.post(f"{url}/retry/{state['id']}").status_code == 409
    assert http.post(f"{url}/cancel/{state['id']}").json()["status"] == "CANCELLED"


def test_a_failed_job_is_run_again(server: Server, http: requests.Session, endpoint: Any) -> None:
    url = f"{server.url}/v2/any-id"
    probe: Any = {"input": {"path": "/ffmpeg/probe", "body": {"input": "late.mp4"}}}
    failed = http.post(f"{url}/runsync", json=probe).json()
    assert (failed["status"], failed["error"]) == ("FAILED", 'There is no input "late.mp4".')
    made = endpoint.run_sync(process(SHORT), timeout=WITHIN_S)["result"]["outputs"][0]["path"]
    shutil.copy(made, server.data_root / "late.mp4")
    assert http.post(f"{url}/retry/{failed['id']}").json() == {"id": failed["id"], "status": "IN_QUEUE"}
    again = http.get(f"{url}/status-sync/{failed['id']}").json()
    assert (again["status"], again["retries"]) == ("COMPLETED", 1)
    assert again["output"]["result"]["format"]["format_name"].startswith("mov")


def test_a_webhook_is_stored_in_runpods_shape(server: Server, http: requests.Session, endpoint: Any) -> None:
    url = f"{server.url}/v2/any-id/runsync"
    hook = "https://hooks.example/a?token=secret"
    own = {**process(SHORT)["input"], "callback_url": hook}
    jobs = {
        "runpod": http.post(url, json={**process(SHORT), "webhook": hook}).json()["id"],
        "refused": http.post(url, json={"input": {"action": "proces"}, "webhook": hook}).json()["id"],
        "standard": http.post(url, json={"input": own}).json()["id"],
    }
    state = server.data_root.parent / "state"
    seal = Seal(open_key_file(state))
    with sqlite3.connect(state / "jobs.db") as connection:
        for name, job_id in jobs.items():
            query = "SELECT event, target FROM ffw_webhook_deliveries WHERE job_id = ?"
            [(event, target)] = connection.execute(query, (job_id,)).fetchall()
            assert event == ("job.failed" if name == "refused" else "job.succeeded")
            assert json.loads(seal.unseal(target)) == {
                "url": hook,
                "base_url": server.url,
                "job_field": "callback_url" if name == "standard" else "webhook",
                "auth_header": None,
                "events": ["end"],
                "shape": "standard" if name == "standard" else "runpod",
                "trace": {},
            }
    connection.close()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_job"),
        (b"{}", 400, "missing_field"),
        (b'{"input": null}', 400, "missing_field"),
        (b'{"input": {"a": NaN}}', 400, "invalid_json"),
        (b'{"input": {"a": "\\u0000"}}', 400, "invalid_json"),
        (b'{"input": ' + b"[" * 20_000, 400, "invalid_json"),
        (b'{"input": {}, "webhook": "file:///etc/passwd"}', 400, "invalid_value"),
        (b'{"input": {}, "policy": {"ttl": "soon"}}', 400, "invalid_value"),
        (b'{"input": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
)
def test_a_request_that_is_not_runpods_is_refused(
    server: Server, http: requests.Session, body: bytes, status: int, code: str
) -> None:
    for path in ("run", "runsync"):
        url, headers = f"{server.url}/v2/any-id/{path}", {"Content-Type": "application/json"}
        response = http.post(url, data=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.json()["error"]


@pytest.mark.parametrize(
    "job", [{}, [], "x", 7, {"action": "process", "data": {"chainCmds": ["-i", "/etc/passwd"]}}]
)
def test_a_job_that_cannot_be_read_has_failed(server: Server, http: requests.Session, job: Any) -> None:
    state = http.post(f"{server.url}/v2/any-id/run", json={"input": job}).json()
    assert state["status"] == "FAILED"
    assert state["error"] == state["output"]["details"]["error"]
    assert http.get(f"{server.url}/v2/other-id/status/{state['id']}").json() == state


@pytest.mark.parametrize("job_id", ["none", "%00", "..%2f..%2fhealth", "x" * 5000, "%F0%9F%8E%AC", "'; --"])
def test_an_unknown_job_is_not_found(server: Server, http: requests.Session, job_id: str) -> None:
    url = f"{server.url}/v2/any-id"
    replies = [http.get(f"{url}/{name}/{job_id}") for name in ("status", "status-sync", "stream")]
    replies += [http.post(f"{url}/{name}/{job_id}") for name in ("cancel", "retry")]
    assert {reply.status_code for reply in replies} == {404}
    assert all(reply.json()["error"] for reply in replies)


def test_odd_requests_are_refused(server: Server, http: requests.Session) -> None:
    url = f"{server.url}/v2/any-id"
    for wait in ("soon", "-1", "1.5", "٣"):
        reply = http.post(f"{url}/runsync?wait={wait}", json=process(SHORT))
        assert (reply.status_code, reply.json()["where"]) == (400, {"field": "wait"})
    assert http.post(f"{url}/run", data="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert {http.get(f"{url}/{path}").status_code for path in ("run", "purge-queue", "cancel/x")} == {405}
    assert http.post(f"{url}/rerun").status_code == 404
    page = {"Origin": "https://page.example"}
    assert http.post(f"{url}/purge-queue", headers=page).status_code == 415
    assert http.post(f"{url}/purge-queue", headers=page, json={}).status_code == 200


@pytest_asyncio.fixture
async def async_endpoint(runpod: Any, server: Server) -> AsyncIterator[Any]:
    """RunPod's asynchronous client."""
    async with aiohttp.ClientSession() as session:
        yield runpod.AsyncioEndpoint("any-id", session, api_key=KEY)
    await until_async(server.is_idle)


async def test_the_asynchronous_client(async_endpoint: Any) -> None:
    job = await async_endpoint.run(process(SLOW)["input"])
    stages = [chunk["progress"]["stage"] async for chunk in job.stream()]
    assert "running" in stages
    assert (await job.status(), (await job.output(WITHIN_S))["success"]) == ("COMPLETED", True)
    invalid = await async_endpoint.run({"action": "proces"})
    assert (await invalid.output(WITHIN_S))["details"]["code"] == "unknown_action"
    endless = await async_endpoint.run(process(ENDLESS)["input"])
    queued = await async_endpoint.run(process(SHORT)["input"])
    assert await async_endpoint.purge_queue() in [{"removed": n, "status": "completed"} for n in (1, 2)]
    assert (await queued.status(), (await endless.cancel())["status"]) == ("CANCELLED", "CANCELLED")
    assert (await async_endpoint.health())["jobs"]["inProgress"] == 0


def test_the_javascript_client(server: Server, endpoint: Any, tmp_path: Path) -> None:
    install_packages(tmp_path, RUNPOD_SDK)
    shutil.copy(JS_CLIENT, tmp_path)
    counted = endpoint.health(timeout=WITHIN_S)["jobs"]
    command: list[str | Path] = ["node", tmp_path / JS_CLIENT.name, f"{server.url}/v2", KEY]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found == {
        "runSync": ["COMPLETED", True, True, "js.mp4"],
        "failed": ["FAILED", False, 'There is no input "none.mp4".', "source_not_found"],
        "invalid": ["FAILED", 'There is no action "proces".'],
        "run": "IN_QUEUE",
        "stream": True,
        "statusSync": ["COMPLETED", True, "number", "number"],
        "health": [counted["completed"] + 2, counted["failed"] + 2, 1, 1, 1, 0],
        "purgeQueue": {"removed": 1, "status": "completed"},
        "cancel": "CANCELLED",
        "states": ["CANCELLED", "CANCELLED"],
        "stranger": 401,
        "unknown": "There is no such job.",
    }


async def test_a_caller_that_goes_away_leaves_its_job(server: Server, endpoint: Any) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{server.url}/v2/any-id"
        waiting = asyncio.create_task(session.post(f"{url}/runsync", json=process(ENDLESS)))
        await until_async(lambda: bool(server.engines()), within_s=WITHIN_S, poll_s=0.05)
        waiting.cancel()
        await until_async(lambda: any(line["status"] == 499 for line in server.log_lines("request")))
        async with session.get(f"{server.url}/api/jobs?status=running") as response:
            [job] = (await response.json())["jobs"]
        async with session.post(f"{url}/cancel/{job['id']}") as response:
            assert (await response.json())["status"] == "CANCELLED"
