"""Bad requests over HTTP get documented errors without secrets, and the server keeps working."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from ffmpeg_worker.job.problem import Problem
from support.jobs.bad_jobs import BAD_JOBS, GOOD_JOB, SECRET, BadJob, make_files
from support.servers.api_server import Server, running_server
from support.wait_until import until_async

KEY = "a-key-of-the-test"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
PROCESS = "/api/ffmpeg/process"
MAX_BODY_BYTES = 64 * 1024
ENDLESS = "-re -f lavfi -i testsrc2=size=64x64:rate=5 -c:v mpeg4 endless.mkv"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bad_input")
    make_files(folder / "data")
    with running_server(
        folder, FFMPEG_WORKER_API_KEYS=KEY, FFMPEG_WORKER_MAX_BODY_BYTES=str(MAX_BODY_BYTES), FFPROBE_PATH="none"
    ) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A client session; after each test the server must be idle and healthy."""
    async with aiohttp.ClientSession(server.url) as session:
        yield session
        await until_async(server.is_idle)
        async with session.post(PROCESS, json=GOOD_JOB, headers=AUTHORIZED) as response:
            assert response.status == 200, await response.text()
            [output] = (await response.json())["outputs"]
        assert output["media"]["codecs"] == ["h264", "aac"]
        await until_async(server.is_idle)
        assert SECRET not in server.log_path.read_text()
        assert KEY not in server.log_path.read_text()


async def problem_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return the body of an error, and check it against the documented schema."""
    assert response.content_type == "application/problem+json"
    text = await response.text()
    assert SECRET not in text
    assert KEY not in text
    problem: dict[str, Any] = json.loads(text)
    Problem.model_validate(problem, strict=True, extra="forbid")
    assert problem["job_id"] == response.headers["X-Job-Id"]
    assert problem["fault"] in {"caller", "source", "target", "worker"}
    assert problem["error"].endswith(".")
    assert "\n" not in problem["error"]
    assert "Traceback" not in text
    return problem


async def assert_refused(
    client: aiohttp.ClientSession, path: str, status: int, code: str, word: str, **request: Any
) -> None:
    request.setdefault("headers", AUTHORIZED)
    async with client.request(request.pop("method", "POST"), path, **request) as response:
        problem = await problem_of(response)
        assert (response.status, problem["code"]) == (status, code)
        assert word in problem["error"] + " " + problem.get("hint", "")


@pytest.mark.parametrize("job", BAD_JOBS, ids=str)
@pytest.mark.sampled(3)
async def test_a_bad_job_gets_its_error(client: aiohttp.ClientSession, job: BadJob) -> None:
    async with client.post(f"/api/ffmpeg/{job.action}", json=job.body, headers=AUTHORIZED) as response:
        problem = await problem_of(response)
    found = (response.status, problem["code"], problem["fault"], problem["retryable"])
    assert found == (job.status, job.code, job.fault, job.retryable)
    assert job.word in problem["error"] + " " + problem.get("hint", "")


@pytest.mark.parametrize(
    ("body", "word"), [("", "JSON"), (f"{{'chainCmds': '{SECRET}'}}", "JSON"), ("[" * 50_000, "64 levels")]
)
async def test_invalid_json_is_refused(client: aiohttp.ClientSession, body: str, word: str) -> None:
    headers = {**AUTHORIZED, "Content-Type": "application/json"}
    await assert_refused(client, PROCESS, 400, "invalid_json", word, data=body.encode(), headers=headers)


async def test_another_content_type_is_refused(client: aiohttp.ClientSession) -> None:
    headers = {**AUTHORIZED, "Content-Type": "text/plain"}
    data = json.dumps(GOOD_JOB).encode()
    await assert_refused(
        client, PROCESS, 415, "content_type_refused", "application/json", data=data, headers=headers
    )


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 8 << 20])
async def test_a_body_with_a_too_large_content_length(client: aiohttp.ClientSession, size: int) -> None:
    body = json.dumps(GOOD_JOB).encode().ljust(size)
    headers = {**AUTHORIZED, "Content-Type": "application/json"}
    await assert_refused(
        client, PROCESS, 413, "body_too_large", str(MAX_BODY_BYTES), data=io.BytesIO(body), headers=headers
    )


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 8 << 20])
async def test_a_chunked_body_that_is_too_large(client: aiohttp.ClientSession, size: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, size, 16 * 1024):
            yield b" " * min(16 * 1024, size - start)

    headers = {**AUTHORIZED, "Content-Type": "application/json"}
    await assert_refused(
        client, PROCESS, 413, "body_too_large", str(MAX_BODY_BYTES), data=chunks(), headers=headers
    )


async def test_a_too_large_body_is_refused_before_100_continue(client: aiohttp.ClientSession) -> None:
    body = b" " * (8 << 20)
    headers = {**AUTHORIZED, "Content-Type": "application/json"}
    await assert_refused(
        client, PROCESS, 413, "body_too_large", "larger", data=io.BytesIO(body), headers=headers, expect100=True
    )


async def test_errors_contain_no_secrets_of_a_url(client: aiohttp.ClientSession) -> None:
    job = {"chainCmds": f"-i https://user:{SECRET}@example.com/a.mp4?signature={SECRET} o.mp4"}
    await assert_refused(client, PROCESS, 403, "address_not_allowed", "user or password", json=job)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY} "[:-2]},
        {"Authorization": "Bearer schlüssel-🔑"},
    ],
)
async def test_a_missing_or_wrong_key(client: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    async with client.post(PROCESS, json=GOOD_JOB, headers=headers) as response:
        problem = await problem_of(response)
        assert (response.status, problem["code"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_unknown_routes_and_methods(client: aiohttp.ClientSession) -> None:
    await assert_refused(client, "/api/ffmpeg/proces", 404, "unknown_route", '"/api/ffmpeg/process"', json={})
    await assert_refused(client, PROCESS, 405, "method_not_allowed", "POST", method="GET")
    await assert_refused(client, "/api/jobs", 422, "invalid_job", "action", json={})
    await assert_refused(client, "/v2/w/rerun", 404, "unknown_route", "/api/ffmpeg/process", json={})
    await assert_refused(client, f"{PROCESS}?async=maybe", 422, "invalid_value", "async", json=GOOD_JOB)


@pytest.mark.parametrize(
    "name", ["with blank.mp4", 'it\'s "quoted".mp4', "🎬 ünïcode.mp4", "-dash.mp4", "a%b;c&d.mp4"]
)
async def test_unusual_but_valid_file_names(client: aiohttp.ClientSession, server: Server, name: str) -> None:
    (server.data_root / name).write_bytes((server.data_root / "clip.mp4").read_bytes())
    job = {"chainCmds": ["-i", f"./{name}", "-c", "copy", f"out/{name}"]}
    async with client.post(PROCESS, json=job, headers=AUTHORIZED) as response:
        assert response.status == 200, await response.text()
        [output] = (await response.json())["outputs"]
    assert output["name"] == f"out/{name}"
    assert (server.data_root / "out" / name).stat().st_size == output["size"]


async def test_a_client_that_disconnects_while_its_job_runs(client: aiohttp.ClientSession, server: Server) -> None:
    async def wait_for_response() -> None:
        async with client.post(PROCESS, json={"chainCmds": ENDLESS, "timeout": 300}, headers=AUTHORIZED):
            raise AssertionError

    waiting = asyncio.ensure_future(wait_for_response())
    await until_async(lambda: bool(server.engines()))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await until_async(server.is_idle)
    await until_async(lambda: server.log_lines("request")[-1].get("code") == "cancelled")
    assert not (server.data_root / "endless.mkv").exists()


async def test_a_client_that_disconnects_while_it_sends(client: aiohttp.ClientSession, server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {PROCESS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await until_async(lambda: server.log_lines("request")[-1].get("code") == "cancelled")
