"""The jobs API as a real process with two API keys: queued jobs from sending to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from support.servers.api_server import Server, running_server
from support.servers.jobs_client import (
    LONG,
    PROCESS,
    SHORT,
    WITHIN_S,
    WRONG,
    JobsClient,
    open_jobs_client,
    whole_job,
)

KEYS = ("first-key", "second-key")
MAX_QUEUED = 6
HOSTILE_IDS = (
    "..",
    "..%2F..%2Fetc%2Fpasswd",
    "%00",
    "%F0%9F%8E%AC",
    "a" * 4000,
    "'%20OR%201=1--",
    "%22",
    "%0D%0Ax",
)
HOSTILE_VALUES = ("%00", "9" * 400, "-1", "%FF%FE", "%F0%9F%8E%AC", "../..", "1e9", "'", "{}", "a" * 3000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    variables = {
        "FFMPEG_WORKER_API_KEYS": ",".join(KEYS),
        "FFMPEG_WORKER_MAX_QUEUED_JOBS_PER_KEY": str(MAX_QUEUED),
        "MAX_CONCURRENCY": "2",
        "FFPROBE_PATH": "none",
    }
    with running_server(tmp_path_factory.mktemp("jobs"), **variables) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[JobsClient]:
    async with open_jobs_client(server.url, KEYS[0]) as opened:
        yield opened


@pytest.fixture
async def other(server: Server) -> AsyncIterator[JobsClient]:
    async with open_jobs_client(server.url, KEYS[1]) as opened:
        yield opened


async def test_a_job_is_accepted_and_its_end_awaited(client: JobsClient, server: Server) -> None:
    accepted, headers = await client.ask("POST", "/api/jobs", whole_job(SHORT, metadata={"order": "A-17"}), 202)
    assert accepted["status"] == "queued"
    assert headers["Location"] == accepted["status_url"] == f"{server.url}/api/jobs/{accepted['id']}"
    assert headers["X-Job-Id"] == accepted["id"]
    ended, headers = await client.ask("GET", f"/api/jobs/{accepted['id']}", Prefer="wait=60")
    assert headers["Preference-Applied"] == "wait=60"
    assert (ended["status"], ended["metadata"]) == ("succeeded", {"order": "A-17"})
    assert [output["name"] for output in ended["result"]["outputs"]] == ["short.mkv"]
    assert ended["result"]["job_id"] == accepted["id"]
    assert ended["revision"] > accepted["revision"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/api/jobs", {"path": "/ffmpeg/process", "body": SHORT}, {}),
        ("/api/jobs", {"input": whole_job(SHORT)}, {}),
        ("/api/jobs", {"input": SHORT | {"x": 1}}, None),
        (f"{PROCESS}?async=true", SHORT, {}),
        (PROCESS, {**SHORT, "async": True}, {}),
        (PROCESS, {"input": {**SHORT, "async": True}}, {}),
        (PROCESS, SHORT, {"Prefer": "respond-async"}),
    ],
)
async def test_every_way_to_queue_a_job(
    client: JobsClient, path: str, body: dict[str, Any], headers: dict[str, Any] | None
) -> None:
    if headers is None:  # what is wrong with a job is told at once
        problem, _ = await client.ask("POST", path, body, 422)
        assert problem["where"]
        return
    accepted, _ = await client.ask("POST", path, body, 202, **headers)
    ended, _ = await client.ask("GET", f"/api/jobs/{accepted['id']}?wait=60")
    assert ended["status"] == "succeeded"


async def test_waiting_on_the_route_of_an_action_ends_with_the_result(client: JobsClient) -> None:
    """That of jobs shows records, also of ended jobs."""
    result, headers = await client.ask("POST", f"{PROCESS}?async=true&wait=60", SHORT)
    assert (result["outputs"][0]["name"], headers["Preference-Applied"]) == ("short.mkv", "wait=60")
    failed, _ = await client.ask("POST", "/api/jobs", whole_job(WRONG), Prefer="wait=60")
    assert (failed["status"], failed["error"]["code"]) == ("failed", "source_not_found")


async def test_a_preferred_wait_bounds_the_request_of_an_action(client: JobsClient) -> None:
    """The result if it comes in time, the record if not, and the problem of a job that fails."""
    result, headers = await client.ask("POST", PROCESS, SHORT, Prefer="wait=60")
    assert result["outputs"][0]["name"] == "short.mkv"
    assert headers["X-Job-Id"] == result["job_id"]
    running, _ = await client.ask("POST", PROCESS, LONG, 202, Prefer="wait=1")
    assert running["status"] in {"queued", "running"}
    problem, headers = await client.ask("POST", PROCESS, WRONG, 404, Prefer="wait=60")
    assert (problem["code"], headers["X-Job-Id"]) == ("source_not_found", problem["job_id"])


async def test_a_repeated_request_is_the_same_job(client: JobsClient, other: JobsClient) -> None:
    key: dict[str, Any] = {"Idempotency_Key": '"order 1"'}
    first, headers = await client.ask("POST", PROCESS, SHORT, **key)
    assert "Idempotent-Replayed" not in headers
    again, headers = await client.ask("POST", PROCESS, SHORT, **key)
    assert (again, headers["Idempotent-Replayed"]) == (first, "true")
    assert headers["X-Job-Id"] == first["job_id"]
    spelled = {"path": "/ffmpeg/process", "body": dict(reversed(SHORT.items())), "idempotency_key": "order 1"}
    record, headers = await client.ask("POST", "/api/jobs", spelled)
    assert (record["id"], headers["Idempotent-Replayed"]) == (first["job_id"], "true")
    for path, body in (
        ("/api/jobs", whole_job(LONG)),
        (PROCESS, WRONG),
        ("/api/ffmpeg/probe", {"input": "a.mp4"}),
    ):
        problem, _ = await client.ask("POST", path, body, 409, **key)
        assert problem["code"] == "idempotency_conflict"
    problem, _ = await client.ask("POST", PROCESS, {**SHORT, "idempotency_key": "order 2"}, 422, **key)
    assert problem["where"] == {"field": "idempotency_key"}
    foreign, headers = await other.ask("POST", PROCESS, SHORT, **key)
    assert foreign["job_id"] != first["job_id"]
    assert "Idempotent-Replayed" not in headers


async def test_requests_at_the_same_time_are_one_job(client: JobsClient) -> None:
    body = whole_job(SHORT, metadata={"test": "same time"}, idempotency_key="é 🎬 same time")
    answers = await asyncio.gather(*(client.ask("POST", "/api/jobs?wait=60", body) for _ in range(8)))
    assert len({record["id"] for record, _ in answers}) == 1
    assert sum("Idempotent-Replayed" not in headers for _, headers in answers) == 1
    page, _ = await client.ask("GET", f"/api/jobs?metadata.test={quote('same time')}")
    assert len(page["jobs"]) == 1


async def test_cancelling(client: JobsClient) -> None:
    running = [await client.send(LONG) for _ in range(2)]
    waiting = await client.send(SHORT)
    async with asyncio.timeout(WITHIN_S):
        for job in running:
            async for _, _, record in client.events(job["id"]):
                if record["status"] == "running":
                    break
    ended, _ = await client.ask("DELETE", f"/api/jobs/{waiting['id']}")
    assert (ended["status"], ended["error"]["code"], ended["attempts"]) == ("cancelled", "cancelled", 0)
    stopping, _ = await client.ask("DELETE", f"/api/jobs/{running[0]['id']}", status=202)
    assert stopping["status"] == "cancelling"
    ended, _ = await client.ask("DELETE", f"/api/jobs/{running[0]['id']}?wait=60")
    again, _ = await client.ask("DELETE", f"/api/jobs/{running[0]['id']}")
    assert ended == again
    assert again["status"] == "cancelled"
    still, _ = await client.ask("GET", f"/api/jobs/{running[1]['id']}")
    assert still["status"] == "running"


async def test_repeating(client: JobsClient) -> None:
    job = await client.send(LONG)
    problem, _ = await client.ask("POST", f"/api/jobs/{job['id']}/retry", status=409)
    assert problem["code"] == "job_not_final"
    short = await client.send(SHORT, path="/api/jobs?wait=60", status=200)
    again, headers = await client.ask("POST", f"/api/jobs/{short['id']}/retry", status=202)
    assert (again["id"], again["retries"], headers["Location"]) == (short["id"], 1, short["status_url"])
    ended, _ = await client.ask("GET", f"/api/jobs/{short['id']}?wait=60")
    assert (ended["status"], ended["retries"], ended["attempts"]) == ("succeeded", 1, 1)
    repeated, _ = await client.ask("POST", f"/api/jobs/{short['id']}/retry?wait=60")
    assert repeated["retries"] == 2


async def test_jobs_of_another_key_are_invisible(client: JobsClient, other: JobsClient) -> None:
    job = await client.send(LONG, metadata={"test": "invisible"})
    for method, path in (
        *(("GET", ""), ("GET", "?wait=60"), ("DELETE", ""), ("POST", "/retry")),
        *(("GET", "/events"), ("GET", "/log"), ("GET", "/plan")),
    ):
        problem, _ = await other.ask(method, f"/api/jobs/{job['id']}{path}", status=404)
        assert problem["code"] == "job_not_found"
    page, _ = await other.ask("GET", "/api/jobs?metadata.test=invisible")
    assert page["jobs"] == []
    assert (await client.ask("GET", f"/api/jobs/{job['id']}"))[0]["status"] in {"queued", "running"}


async def test_a_full_queue_refuses_further_jobs_of_its_key(client: JobsClient, other: JobsClient) -> None:
    accepted = 0
    async with asyncio.timeout(WITHIN_S):
        while True:
            async with client.session.post("/api/jobs", json=whole_job(LONG)) as response:
                answer = await response.json()
                if response.status != 202:
                    break
                accepted += 1
    assert (response.status, answer["code"]) == (429, "queue_limit")
    assert int(response.headers["Retry-After"]) > 0
    assert MAX_QUEUED <= accepted <= MAX_QUEUED + 2  # two run, if they have begun by then
    await other.send(SHORT)


@pytest.mark.parametrize("suffix", ["", "/events", "/log", "/plan"])
async def test_hostile_ids_are_not_found(client: JobsClient, suffix: str) -> None:
    for job_id in HOSTILE_IDS:
        if (job_id, suffix) == ("..", "/plan"):  # the client asks for /api/plan, which is another route
            continue
        problem, _ = await client.ask("GET", f"/api/jobs/{job_id}{suffix}", status=404)
        assert problem["code"] in {"job_not_found", "unknown_route"}
        assert "\0" not in problem["error"]


async def test_hostile_values_are_refused_or_harmless(client: JobsClient, server: Server) -> None:
    job = await client.send(SHORT, path="/api/jobs?wait=60", status=200)
    one = f"/api/jobs/{job['id']}"
    paths = [
        f"/api/jobs?{name}={value}" for value in HOSTILE_VALUES for name in ("cursor", "limit", "created_from")
    ]
    paths += [
        f"/api/jobs?{name}={value}" for value in HOSTILE_VALUES for name in ("status", "action", "parent_id")
    ]
    paths += [f"/api/jobs?metadata.{value}={value}" for value in HOSTILE_VALUES]
    paths += [
        f"{one}{suffix}={value}" for value in HOSTILE_VALUES for suffix in ("?wait", "/log?after", "/events?after")
    ]
    headers = [
        {name: value}
        for name in ("Prefer", "Idempotency-Key", "Last-Event-ID", "Accept")
        for value in ("x" * 5000, "é", "wait=" + "9" * 5000, '"', ",;=" * 500)
    ]
    for path in paths:
        async with asyncio.timeout(WITHIN_S), client.session.get(path) as response:
            assert response.status in {200, 204, 404, 422}, path
    for header in headers:
        async with asyncio.timeout(WITHIN_S), client.session.get(f"{one}/events", headers=header) as response:
            assert response.status in {200, 204}, header
        async with client.session.post("/api/jobs?wait=60", json=whole_job(SHORT), headers=header) as response:
            assert response.status in {200, 422}, header
    assert not [line for line in server.log_lines() if line["level"] == "ERROR"]


async def test_health_and_metrics_count_queued_jobs(client: JobsClient) -> None:
    await client.send(LONG)
    health, _ = await client.ask("GET", "/health")
    assert (health["queue"]["state"], health["queue"]["database"]) == ("on", "sqlite")
    assert (health["queue"]["workers"], health["queue"]["slots"]) == (1, 2)
    async with client.session.get("/metrics") as response:
        text = await response.text()
    assert 'ffmpeg_worker_queue_jobs{state="succeeded"}' in text
