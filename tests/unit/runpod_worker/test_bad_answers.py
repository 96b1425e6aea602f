"""Whatever answers in the HTTP door's place, the job ends with a sentence and a code."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from ffmpeg_worker.runpod_worker import client
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.servers.fake_api import raw_server, stand_in_api
from support.wait_until import until_async

JOB = {"id": "x", "input": {"action": "process", "data": {"chainCmds": "ffmpeg -i a.mp4 b.mp4"}}}
MakeWorker = Callable[..., RunpodWorker]


async def outcome(worker: RunpodWorker) -> tuple[str, dict[str, Any]]:
    answer = await worker.handle(JOB)
    assert answer.keys() == {"error", "details"}
    assert isinstance(answer["error"], str)
    return answer["details"]["code"], answer["details"]


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
async def test_an_answer_that_is_neither_result_nor_problem(
    make_worker: MakeWorker, status: int, text: str
) -> None:
    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={"Location": "/api/ffmpeg/probe"})

    async with stand_in_api() as api:
        api.reply = reply
        code, details = await outcome(make_worker(api.base_url))
        assert len(api.requests) == 1
    assert code == "api_bad_answer"
    assert details["fault"] == "worker"
    assert "FFMPEG_API_BASE_URL" in details["hint"]
    assert details["retryable"] is False


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_proxys_error_page_may_be_tried_again(make_worker: MakeWorker, status: int) -> None:
    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Bad gateway</html>")

    async with stand_in_api() as api:
        api.reply = reply
        code, details = await outcome(make_worker(api.base_url))
    assert (code, details["retryable"]) == ("api_bad_answer", True)


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
async def test_what_is_not_whole_http(
    make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch, sent: bytes, again: bool, code: str
) -> None:
    monkeypatch.setattr(client, "MAX_BODY_BYTES", 1 << 20)
    async with raw_server(sent, again=again) as url:
        found, _ = await outcome(make_worker(f"{url}/api"))
    assert found == code


async def test_no_answer_in_time(make_worker: MakeWorker) -> None:
    async with stand_in_api() as api:
        api.hang()
        code, details = await outcome(make_worker(api.base_url, timeout_s=0.2))
        await until_async(lambda: api.gone == 1)
    assert code == "api_timeout"
    assert "FFMPEG_API_TIMEOUT" in details["hint"]


async def test_an_answer_that_stalls_in_the_middle(make_worker: MakeWorker) -> None:
    async with raw_server(HEAD + b'Content-Length: 1000\r\n\r\n{"outputs":', close=False) as url:
        code, _ = await outcome(make_worker(f"{url}/api", timeout_s=0.2))
    assert code == "api_timeout"


async def test_nobody_listens(make_worker: MakeWorker) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        code, details = await outcome(make_worker(f"http://127.0.0.1:{port}/api"))
    assert code == "api_unreachable"
    assert (details["fault"], details["retryable"]) == ("worker", True)


async def test_a_key_that_is_not_accepted_is_not_the_callers_fault(make_worker: MakeWorker) -> None:
    async def reply(_request: web.Request) -> web.Response:
        problem = {"error": "No key.", "code": "unauthorized", "fault": "caller", "retryable": False}
        return web.json_response(problem, status=401)

    async with stand_in_api() as api:
        api.reply = reply
        code, details = await outcome(make_worker(api.base_url))
    assert (code, details["fault"]) == ("api_unauthorized", "worker")


async def test_a_problem_is_handed_on_whole(make_worker: MakeWorker) -> None:
    problem = {
        "error": "There is no a.mp4.",
        "code": "source_not_found",
        "fault": "source",
        "retryable": False,
        "where": {"command": 0, "argument": "-i"},
        "hint": "Look.",
        "stderr": "last lines",
        "job_id": "0b6f",
    }

    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=404, text=json.dumps(problem), content_type="application/problem+json")

    async with stand_in_api() as api:
        api.reply = reply
        answer = await make_worker(api.base_url).handle(JOB)
    assert answer == {
        "error": problem["error"],
        "details": {key: value for key, value in problem.items() if key != "error"},
    }
