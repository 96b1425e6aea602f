"""The client of the API: whatever responds at its URL, a job ends with a result or with a message and a code."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from ffmpeg_worker.client import run_on_route
from ffmpeg_worker.client.api_client import ApiClient, JobRequest
from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.codes import Fault
from support.servers.fake_api import RESULTS, open_fake_api, raw_server
from support.wait_until import until_async

REQUEST = JobRequest.of("process", {"chainCmds": "ffmpeg -i a.mp4 b.mp4"})


def make_client(base_url: str, *, timeout_s: float = 10, ready_timeout_s: float = 0.1) -> ApiClient:
    return ApiClient(ExternalApi(base_url, "key"), timeout_s=timeout_s, ready_timeout_s=ready_timeout_s)


async def fail(client: ApiClient) -> ApiError:
    """The error of a job that must fail."""
    with pytest.raises(ApiError) as caught:
        await client.run_job(REQUEST)
    assert caught.value.problem["code"] == caught.value.code
    return caught.value


async def test_a_result_and_what_was_sent_for_it() -> None:
    async with open_fake_api() as api:
        assert await make_client(api.base_url).run_job(REQUEST) == RESULTS["process"]
        [(path, headers, body)] = api.requests
    assert (path, body) == ("/api/ffmpeg/process", {"chainCmds": "ffmpeg -i a.mp4 b.mp4"})
    assert headers["Authorization"] == "Bearer key"
    assert headers["Content-Type"] == "application/json"
    assert "X-Platform-Job-Id" not in headers


async def test_the_id_of_a_job_at_its_platform_is_a_header() -> None:
    async with open_fake_api() as api:
        await make_client(api.base_url).run_job(replace(REQUEST, platform_job_id="a1b2-u1"))
        [(_, headers, _)] = api.requests
    assert headers["X-Platform-Job-Id"] == "a1b2-u1"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, ""),
        (200, "<html>It works!</html>"),
        (200, "[]"),
        (200, "null"),
        (200, '"done"'),
        (200, "{}"),
        (200, '{"detail": "ok"}'),
        (200, '{"error": "x", "code": "y"}'),
        (200, '{"outputs": [], "stats": {"speed": NaN}}'),
        (200, '{"outputs": [' + "[" * 100_000),
        (200, '{"outputs": ' + "1" * 5000 + "}"),
        (202, '{"id": "x", "status": "queued"}'),
        (204, ""),
        (302, ""),
        (404, '{"detail": "Not Found"}'),
        (500, ""),
        (500, "Internal Server Error"),
        (500, '{"error": {"message": "a dictionary"}, "code": "x"}'),
        (500, '{"error": "", "code": "x"}'),
        (422, '{"error": "no code"}'),
    ],
)
async def test_a_response_that_is_neither_result_nor_problem(status: int, text: str) -> None:
    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={"Location": "/api/ffmpeg/probe"})

    async with open_fake_api() as api:
        api.reply = reply
        error = await fail(make_client(api.base_url))
        assert len(api.requests) == 1
    assert (error.code, error.fault, error.retryable) == ("api_bad_answer", Fault.WORKER, False)
    assert "FFMPEG_API_BASE_URL" in (error.hint or "")


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_proxys_error_page_is_retryable(status: int) -> None:
    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Bad gateway</html>")

    async with open_fake_api() as api:
        api.reply = reply
        error = await fail(make_client(api.base_url))
    assert (error.code, error.retryable) == ("api_bad_answer", True)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LONG = b"\r\n" + b" " * 65536


@pytest.mark.parametrize(
    ("sent", "again", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", False, "api_bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y" * 100_000 + b"\r\n\r\n", False, "api_bad_answer"),
        (HEAD + b'Content-Length: 1000\r\n\r\n{"outputs":', False, "api_bad_answer"),
        (HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"out', False, "api_bad_answer"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", False, "api_bad_answer"),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", False, "api_bad_answer"),
        (HEAD + LONG, True, "api_bad_answer"),
        (b"", False, "api_unreachable"),
        (b"HTTP/1.1 20", False, "api_unreachable"),
    ],
)
async def test_a_response_that_is_not_complete_http(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, again: bool, code: str
) -> None:
    monkeypatch.setattr(run_on_route, "MAX_RESPONSE_BYTES", 1 << 20)
    async with raw_server(sent, again=again) as url:
        assert (await fail(make_client(f"{url}/api"))).code == code


async def test_no_response_in_time() -> None:
    async with open_fake_api() as api:
        api.hang()
        error = await fail(make_client(api.base_url, timeout_s=0.2))
        await until_async(lambda: api.gone == 1)
    assert (error.code, error.fault) == ("api_timeout", Fault.CALLER)
    assert "FFMPEG_API_TIMEOUT" in (error.hint or "")


async def test_a_response_that_stalls_in_the_middle() -> None:
    async with raw_server(HEAD + b'Content-Length: 1000\r\n\r\n{"outputs":', close=False) as url:
        assert (await fail(make_client(f"{url}/api", timeout_s=0.2))).code == "api_timeout"


@pytest.mark.parametrize(
    ("timeout_s", "max_timeout_s", "used"),
    [(None, None, 10), (99, None, 99), (99, 30, 30), (5, 30, 5), (None, 5, 10)],
)
def test_the_timeout_of_a_request(timeout_s: float | None, max_timeout_s: float | None, used: float) -> None:
    client = ApiClient(ExternalApi("http://x/api", None), timeout_s=10, max_timeout_s=max_timeout_s)
    assert client.timeout_of(JobRequest("probe", b"{}", timeout_s)) == used


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


async def test_nothing_listens() -> None:
    error = await fail(make_client(f"http://127.0.0.1:{free_port()}/api"))
    assert (error.code, error.fault, error.retryable) == ("api_unreachable", Fault.WORKER, True)


async def test_an_api_that_will_never_run_is_not_waited_for() -> None:
    class Failed(ExternalApi):
        def failure(self) -> str:  # type: ignore[override]
            return "it refuses the settings."

    client = ApiClient(Failed("http://127.0.0.1:1/api", None), timeout_s=1, ready_timeout_s=60)
    assert "refuses the settings" in (await fail(client)).message


async def test_a_refused_key_is_the_operators_to_fix() -> None:
    async def reply(_request: web.Request) -> web.Response:
        problem = {"error": "No key.", "code": "unauthorized", "fault": "caller", "retryable": False}
        return web.json_response(problem, status=401)

    async with open_fake_api() as api:
        api.reply = reply
        error = await fail(make_client(api.base_url))
    assert (error.code, error.fault) == ("api_unauthorized", Fault.WORKER)


async def test_a_problem_becomes_an_error_and_stays_complete() -> None:
    problem = {
        "error": "There is no a.mp4.",
        "code": "source_not_found",
        "fault": "source",
        "retryable": False,
        "where": {"command": 0, "argument": "-i"},
        "hint": "Look.",
        "stderr": "last lines",
        "job_id": "0b6f",
        "added_later": 1,
    }

    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=404, text=json.dumps(problem), content_type="application/problem+json")

    async with open_fake_api() as api:
        api.reply = reply
        error = await fail(make_client(api.base_url))
    assert error.as_problem() == problem
    assert (error.message, error.fault, error.stderr) == ("There is no a.mp4.", Fault.SOURCE, "last lines")
    assert error.at(process=3).as_problem()["where"] == {"command": 0, "argument": "-i", "process": 3}


@pytest.mark.parametrize(
    "more", [{"fault": "nobody"}, {"hint": 7, "where": "here", "stderr": []}, {"retryable": "no"}]
)
def test_a_problem_with_unexpected_values_is_still_an_error(more: dict[str, Any]) -> None:
    error = ApiError({"error": "No.", "code": "x", **more})
    assert (error.fault, error.retryable, error.hint) == (Fault.WORKER, False, None)
    assert error.as_problem() == {"error": "No.", "code": "x", **more}


async def test_progress_comes_before_the_result() -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept"] == "application/x-ndjson"
        lines = [{"progress": {"percent": 1}}, {"status": 200}, RESULTS["process"]]
        text = "\n".join(json.dumps(line) for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    reports: list[dict[str, Any]] = []
    async with open_fake_api() as api:
        api.reply = reply
        assert await make_client(api.base_url).run_job(REQUEST, reports.append) == RESULTS["process"]
    assert reports == [{"percent": 1}]


async def test_an_api_that_starts_late() -> None:
    port = free_port()
    client = make_client(f"http://127.0.0.1:{port}/api", ready_timeout_s=10)
    running = asyncio.create_task(client.run_job(REQUEST))
    await asyncio.sleep(0.05)
    assert not running.done()
    async with open_fake_api(port) as api:
        assert await running == RESULTS["process"]
        assert len(api.requests) == 1


@pytest.mark.parametrize(
    "health", [(503, '{"status": "closing"}'), (200, "<html></html>"), (200, "[]"), (200, '{"status": "bad"}')]
)
async def test_waiting_ends_only_when_the_api_is_healthy(health: tuple[int, str]) -> None:
    async with open_fake_api() as api:
        api.health = health
        waiting = asyncio.create_task(make_client(api.base_url, ready_timeout_s=10).wait_until_healthy())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        api.health = (200, '{"status": "ok"}')
        assert await waiting == {"status": "ok"}


@pytest.mark.parametrize("times", [1, 4])
async def test_cancelling_closes_the_connection(times: int) -> None:
    async with open_fake_api() as api:
        api.hang()
        running = asyncio.create_task(make_client(api.base_url).run_job(REQUEST))
        await until_async(lambda: bool(api.requests))
        for _ in range(times):
            running.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await running
        await until_async(lambda: api.gone == 1, within_s=2)


async def test_cancelling_while_it_waits_for_the_api() -> None:
    client = make_client(f"http://127.0.0.1:{free_port()}/api", ready_timeout_s=30)
    running = asyncio.create_task(client.run_job(REQUEST))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_each_try_to_reach_the_api_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("ffmpeg_worker"), "propagate", True)
    client = make_client(f"http://127.0.0.1:{free_port()}/api", ready_timeout_s=0.1)
    with caplog.at_level(logging.WARNING, "ffmpeg_worker"):
        assert (await fail(client)).code == "api_unreachable"
    tries = [record for record in caplog.records if record.message == "api not healthy"]
    assert len(tries) >= 2
    fields = [vars(record)["fields"] for record in tries]
    assert all((one["host"], bool(one["reason"])) == ("127.0.0.1", True) for one in fields)
    left = [one["seconds_left"] for one in fields]
    assert left == sorted(left, reverse=True)
    assert "Bearer" not in str(fields)
