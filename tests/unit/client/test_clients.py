"""Both clients, against an API whose answers a test decides."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, assert_type

import pytest
from aiohttp import web

from ffmpeg_worker.client import (
    ApiError,
    AsyncClient,
    Client,
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobTimeout,
    StoredFile,
    api_door,
    watch,
)
from ffmpeg_worker.errors import InvalidJob, Misconfigured
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions import ACTIONS
from support.client_kinds import KINDS, Caller, Kind
from support.servers.fake_api import raw_server
from support.servers.serve_app import serve_handler
from support.wait_until import until_async

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "the-key-of-the-caller"


def job(revision: int, status: str = "running", **more: Any) -> dict[str, Any]:
    return {"id": "j1", "status": status, "revision": revision, **more}


def problem(status: int, code: str, *, retryable: bool = False, **more: Any) -> web.Response:
    body = {"error": "It is so.", "code": code, "fault": "worker", "retryable": retryable, **more}
    return web.json_response(body, status=status)


async def send_events(request: web.Request, *jobs: dict[str, Any]) -> web.StreamResponse:
    """Send events, and end the connection."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for value in jobs:
        number = f"id: {value['revision']}\n" if "revision" in value else ""
        event = f"{number}event: job\ndata: {json.dumps(value)}\n\n"
        await response.write(event.encode())
    return response


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of both clients, which they do not make."""
    made: list[float] = []

    async def sleep(_self: object, seconds: float) -> None:
        made.append(seconds)

    for kind in ("aiohttp_transport.AiohttpTransport", "blocking_transport.BlockingTransport"):
        monkeypatch.setattr(f"ffmpeg_worker.client.{kind}.sleep", sleep)
    return made


@pytest.fixture
def open_client(kind: Kind) -> Callable[[Handler], Any]:
    """Open a client of a server with this handler."""

    @asynccontextmanager
    async def open_client(handler: Handler, **named: Any) -> AsyncIterator[Caller]:
        async with serve_handler(handler) as url:
            yield kind.open(url, api_key=SECRET, **named)

    return open_client


async def revisions(client: Caller) -> list[int]:
    return [event.job.revision for event in await client.list("watch", "j1")]


async def test_requests_have_the_key_and_the_path(open_client: Any) -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs, request.headers["Authorization"]))
        value = {"jobs": [job(1)], "next_cursor": "7"} if request.path == "/api/jobs" else job(1)
        return web.json_response(value)

    async with open_client(answer) as client:
        await client.call("get", "a/b")
        await client.call("cancel", "j1")
        await client.call("retry", Job("j1", "failed"))
        page = await client.call("job_page", {"status": "queued", "metadata.a": "b c"})
    assert (page.jobs[0].id, page.next_cursor) == ("j1", "7")
    assert [request[:2] for request in seen] == [
        ("GET", "/api/jobs/a%2Fb"),
        ("DELETE", "/api/jobs/j1"),
        ("POST", "/api/jobs/j1/retry"),
        ("GET", "/api/jobs?status=queued&metadata.a=b+c"),
    ]
    assert {key for _, _, key in seen} == {f"Bearer {SECRET}"}


async def test_jobs_are_listed_page_by_page(open_client: Any) -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(dict(request.query))
        start = int(request.query.get("cursor", 0))
        count = min(int(request.query.get("limit", 2)), 2)
        listed = [{"id": str(number), "status": "failed"} for number in range(start, start + count)]
        return web.json_response({"jobs": listed, "next_cursor": str(start + count)})

    async with open_client(answer) as client:
        found = await client.list("jobs", status=["failed", "cancelled"], metadata={"order": "7"}, limit=3)
    assert [one.id for one in found] == ["0", "1", "2"]
    filters = {"status": "failed,cancelled", "metadata.order": "7"}
    assert seen == [{**filters, "limit": "3"}, {**filters, "limit": "1", "cursor": "2"}]


async def test_a_job_is_sent_as_it_is_with_its_idempotency_key(open_client: Any) -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers["Idempotency-Key"]))
        return web.json_response(job(1, "queued"), status=202)

    async with open_client(answer) as client:
        sent = await client.call("submit", b'{"action": "x"}', idempotency_key="order-17")
        await client.call("submit", "probe", {"input": "ä"}, webhook="https://h", metadata={"a": 1}, inputs={})
        await client.call("submit", {"path": "/x", "body": {}}, upload={"bucket": "b"})
    assert sent.status == "queued"
    assert seen[0] == (b'{"action": "x"}', "order-17")
    assert [json.loads(body) for body, _ in seen[1:]] == [
        {
            "action": "probe",
            "data": {"input": "ä"},
            "inputs": {},
            "callback_url": "https://h",
            "metadata": {"a": 1},
        },
        {"path": "/x", "body": {}, "upload": {"bucket": "b"}},
    ]
    assert seen[1][1] != seen[2][1]


async def test_jobs_that_cannot_be_sent(kind: Kind) -> None:
    client = kind.open("http://127.0.0.1:1")
    for arguments in (("probe", {"input": float("nan")}), ("probe", {"a": object()}), ({"action": "x"}, {"a": 1})):
        with pytest.raises(InvalidJob):
            await client.call("submit", *arguments)


async def test_a_watch_is_continued_after_the_last_event(open_client: Any) -> None:
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        parts = [[job(1), job(2)], [job(2), job(4)], [job(5, "succeeded", result={})]]
        return await send_events(request, *parts[len(asked) - 1])

    async with open_client(answer) as client:
        assert await revisions(client) == [1, 2, 4, 5]
    assert asked == [None, "2", "4"]


async def test_the_events_of_a_watch(open_client: Any) -> None:
    running = {"stage": "running", "percent": 40, "fps": 96.0, "eta_s": 1.5, "of_tomorrow": 1, "speed": "fast"}

    async def answer(request: web.Request) -> web.StreamResponse:
        return await send_events(
            request,
            job(1, "queued"),
            job(2, progress={"stage": "fetching", "percent": 1}),
            job(3, progress=running),
            job(4, "succeeded", result={"outputs": []}),
        )

    async with open_client(answer) as client:
        queued, started, progress, end = await client.list("watch", "j1")
    assert [event.type for event in (queued, started, progress, end)] == ["status", "status", "progress", "end"]
    assert started.job.progress.stage == "fetching"
    got = progress.progress
    assert (got.stage, got.percent, got.fps, got.eta_s, got.speed) == ("running", 40.0, 96.0, 1.5, None)
    assert end.job.read_result() == {"outputs": []}


@pytest.mark.parametrize("refusal", [(404, "unknown_route"), (405, "method_not_allowed")])
async def test_an_api_without_events_is_asked_again_and_again(
    open_client: Any, refusal: tuple[int, str], pauses: list[float]
) -> None:
    states = iter([job(1), job(1), job(3), job(4, "failed")])

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/events"):
            return problem(*refusal)
        return web.json_response(next(states))

    async with open_client(answer) as client:
        assert await revisions(client) == [1, 3, 4]
    assert pauses[1:] == [0.5, 0.5]


async def test_a_proxy_that_answers_otherwise_is_no_event_stream(open_client: Any) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(job(9, "succeeded"))

    async with open_client(answer) as client:
        assert await revisions(client) == [9]


async def test_a_watch_outlives_a_database_that_is_away_for_a_while(open_client: Any, pauses: list[float]) -> None:
    away = problem(503, "queue_unavailable", retryable=True)
    away.headers["Retry-After"] = "7"
    answers = iter([away, problem(502, "elsewhere", retryable=True)])

    async def answer(request: web.Request) -> web.StreamResponse:
        if (refused := next(answers, None)) is not None:
            return refused
        return await send_events(request, job(3, "succeeded", result={"a": 1}))

    async with open_client(answer) as client:
        assert await client.call("wait", "j1") == {"a": 1}
    assert pauses == [7, 1]


async def test_a_result_that_was_left_out_of_the_last_event_is_fetched(open_client: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/events"):
            return await send_events(request, job(2), job(3, "succeeded"))
        return web.json_response(job(3, "succeeded", result={"score": 95}))

    async with open_client(answer) as client:
        assert await client.call("wait", "j1") == {"score": 95}


async def test_a_problem_in_the_stream(open_client: Any) -> None:
    """One that passes is waited for, another ends the watch."""
    problems = iter([("queue_unavailable", True), ("job_not_found", False)])

    async def answer(request: web.Request) -> web.StreamResponse:
        code, retryable = next(problems)
        value = {"error": "It is so.", "code": code, "fault": "worker", "retryable": retryable, "job_id": "j1"}
        return await send_events(request, job(2), value)

    async with open_client(answer) as client:
        with pytest.raises(ApiError) as caught:
            await client.call("wait", "j1")
    assert caught.value.code == "job_not_found"


async def test_an_api_that_stays_away_ends_a_watch(open_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PATIENCE_S", 0.0)
    async with open_client(refuse) as client:
        with pytest.raises(ApiError, match="It is so"):
            await client.call("wait", "j1")


async def refuse(_request: web.Request) -> web.Response:
    return problem(503, "queue_unavailable", retryable=True)


@pytest.mark.parametrize(
    ("error", "kind_of_error", "code"),
    [
        (
            {"error": "No.", "code": "encoder_unknown", "hint": "Try.", "stderr": "tail"},
            JobFailed,
            "encoder_unknown",
        ),
        ({"error": "Stopped.", "code": "cancelled"}, JobCancelled, "cancelled"),
        (None, JobFailed, "worker_error"),
    ],
)
async def test_a_job_without_a_result(
    open_client: Any, error: Any, kind_of_error: type[ApiError], code: str
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await send_events(request, job(2, "failed", error=error))

    async with open_client(answer) as client:
        with pytest.raises(kind_of_error) as caught:
            await client.call("wait", "j1")
    assert (caught.value.code, caught.value.job_id) == (code, "j1")
    shown = {"hint": caught.value.hint, "stderr": caught.value.stderr}
    assert shown == {name: (error or {}).get(name) for name in shown}


async def test_a_wait_that_is_too_long(open_client: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await send_events(request, job(2))

    async with open_client(answer) as client:
        for name in ("wait", "watch"):
            call = client.call if name == "wait" else client.list
            with pytest.raises(JobTimeout) as caught:
                await call(name, "j1", timeout_s=0.05)
            assert isinstance(caught.value, TimeoutError)
            assert (caught.value.code, caught.value.job_id) == ("wait_timed_out", "j1")


async def test_a_request_that_was_not_taken_is_sent_again(open_client: Any, pauses: list[float]) -> None:
    full = problem(429, "queue_limit", retryable=True)
    full.headers["Retry-After"] = "3"
    answers = iter([full, problem(503, "queue_unavailable", retryable=True)])

    async def answer(_request: web.Request) -> web.StreamResponse:
        return next(answers, None) or web.json_response(job(1, "queued"), status=202)

    async with open_client(answer) as client:
        assert (await client.call("submit", "probe", {"input": "a"})).id == "j1"
    assert pauses == [3, 1]


async def test_a_route_of_a_worker_that_is_full_is_tried_again(open_client: Any, pauses: list[float]) -> None:
    answers = iter([problem(503, "queue_full", retryable=True, job_id="j0")])

    async def answer(request: web.Request) -> web.StreamResponse:
        assert (await request.json())["data"] == {"input": "a"}
        assert request.path == "/api/ffmpeg/probe"
        return next(answers, None) or web.json_response({"format": {}}, headers={"X-Job-Id": "j1"})

    async with open_client(answer) as client:
        assert await client.call("run", "probe", {"input": "a"}) == {"format": {}}
    assert pauses == [0.5]


async def test_a_job_on_its_route_that_fails_and_one_that_is_refused(open_client: Any) -> None:
    answers = iter([problem(422, "engine_failed", job_id="j1"), problem(401, "unauthorized"), problem(404, "x")])

    async def answer(_request: web.Request) -> web.StreamResponse:
        return next(answers)

    async with open_client(answer) as client:
        with pytest.raises(JobFailed) as caught:
            await client.call("run", "process", {"chainCmds": "x"})
        assert (caught.value.code, caught.value.status) == ("engine_failed", 422)
        for status in (401, 404):
            with pytest.raises(ApiError) as refused:
                await client.call("run", {"path": "/api/ffmpeg/probe", "body": {}})
            assert (type(refused.value), refused.value.status) == (ApiError, status)


async def test_progress_of_a_job_on_its_route(open_client: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        lines = [{"progress": {"stage": "running", "percent": 5}}, {"status": 200}, {"outputs": []}]
        text = "\n".join(map(json.dumps, lines)) + "\n"
        assert request.headers["Accept"] == "application/x-ndjson"
        headers = {"X-Job-Id": "j1", "Content-Type": "application/x-ndjson"}
        return web.Response(text=text, headers=headers)

    reports: list[Any] = []
    async with open_client(answer) as client:
        assert await client.call("run", "process", {}, on_progress=reports.append) == {"outputs": []}
    assert [(report.stage, report.percent) for report in reports] == [("running", 5.0)]


async def test_a_job_with_a_webhook_is_queued_and_waited_for(open_client: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            assert request.path == "/api/jobs"
            return web.json_response(job(1, "queued"), status=202)
        return await send_events(request, job(2, "succeeded", result={"a": 1}))

    async with open_client(answer) as client:
        assert await client.call("run", "probe", {"input": "a"}, webhook="https://h") == {"a": 1}
        assert await client.call("run", "an_action_of_tomorrow", {}) == {"a": 1}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "api_bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y" * 100_000 + b"\r\n\r\n", "api_bad_answer"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"id":', "api_unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", "api_unreachable"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "api_bad_answer"),
        (b"", "api_unreachable"),
    ],
)
async def test_a_response_that_is_not_complete_http(kind: Kind, sent: bytes, code: str) -> None:
    async with raw_server(sent) as url:
        with pytest.raises(ApiError) as caught:
            await kind.open(url, retries=0).call("get", "j1")
    assert caught.value.code == code


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"id": 1, "status": "queued"}', '{"jobs": 3}'])
async def test_another_kind_of_server(open_client: Any, body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    async with open_client(answer) as client:
        for name, *arguments in (("get", "j1"), ("job_page",), ("log", "j1"), ("presets",), ("run", "probe", {})):
            with pytest.raises(ApiError) as caught:
                await client.call(name, *arguments)
            assert caught.value.code == "api_bad_answer"
        with pytest.raises(ApiError) as caught:
            await client.call("health")
        assert caught.value.code == "api_unreachable"


async def test_nobody_there_and_no_secret_is_shown(kind: Kind, pauses: list[float]) -> None:
    client = kind.open("http://127.0.0.1:1/api", api_key=SECRET)
    with pytest.raises(ApiError) as caught:
        await client.call("get", "j1")
    assert (caught.value.code, caught.value.retryable) == ("api_unreachable", True)
    assert pauses == [0.5, 1, 2, 4]
    shown = repr((client.client, vars(client.client), caught.value, caught.value.problem))
    assert SECRET not in shown
    assert "127.0.0.1:1/api" in repr(client.client)


async def test_a_log_is_read_in_pages(open_client: Any) -> None:
    entries: list[dict[str, Any]] = [{"number": number, "text": str(number)} for number in range(1, 6)]

    async def answer(request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return web.json_response({"log": [entry for entry in entries if entry["number"] > after][:2]})

    async with open_client(answer) as client:
        assert await client.call("log", "j1") == entries


async def test_a_watch_that_is_left_closes_its_connection() -> None:
    connections: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"id: 1\ndata: " + json.dumps(job(1)).encode() + b"\n\n")
        connections.append(request.transport)
        await until_async(lambda: request.transport is None or request.transport.is_closing())
        return response

    async with serve_handler(answer) as url:

        def first() -> int:
            return next(iter(Client(url).watch("j1"))).job.revision

        assert await asyncio.to_thread(first) == 1
        await until_async(connections[0].is_closing)


def test_the_arguments_of_a_client(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_API_BASE_URL", "https://media.example:8443")
    monkeypatch.setenv("FFMPEG_WORKER_API_KEYS", "first,second")
    monkeypatch.setenv("RUNPOD_API_KEY", "key")
    location: Any = kind.open().client._calls._door.exchange.location
    assert (location.base_url(), location.api_key) == ("https://media.example:8443/api", "first")
    assert repr(kind.open("http://h/api/").client) == f"{kind.make.__name__}('http://h/api')"
    assert repr(kind.open("http://h/media").client) == f"{kind.make.__name__}('http://h/media')"
    endpoint = kind.open_runpod("e1", base_url="http://h/v2/").client
    assert repr(endpoint) == f"{kind.make.__name__}('http://h/v2/e1')"
    assert "api.runpod.ai/v2/e1" in repr(kind.open_runpod("e1").client)
    for url in (
        "localhost:3000",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://u:secret@h",
        "http://h/api?k=secret",
    ):
        with pytest.raises(Misconfigured) as refused:
            kind.open(url)
        assert "secret" not in str(refused.value)
    with pytest.raises(Misconfigured) as caught:
        kind.open("http://h", api_key="two\nlines")
    assert "lines" not in str(caught.value)
    monkeypatch.delenv("RUNPOD_API_KEY")
    with pytest.raises(Misconfigured):
        kind.open_runpod("e1")


def test_both_clients_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, Any]:
        found = {name: inspect.signature(value) for name, value in vars(kind).items() if inspect.isfunction(value)}
        return {name: list(found[name].parameters.values()) for name in found if not name.startswith("_")}

    assert calls(AsyncClient) == calls(Client)


def test_routes_are_those_of_the_actions() -> None:
    assert {name: action.path for name, action in ACTIONS.items()} == ACTION_PATHS


def test_the_blocking_client_loads_nothing_large() -> None:
    """Neither do the names that every program of the client imports."""
    used = "c.Client, c.Job, c.JobFailed, c.verify_webhook"
    code = f"import sys, ffmpeg_worker.client as c; {used}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"pydantic", "aiohttp", "numpy", "av", "fastapi", "httpx"}.isdisjoint(loaded)


async def _types_are_exact(client: Client, async_client: AsyncClient, path: Path) -> None:
    """For the type checker alone."""
    assert_type(client.submit("probe"), Job)
    assert_type(await async_client.submit("probe"), Job)
    for event in client.watch("j1"):
        assert_type(event, JobEvent)
    async for event in async_client.watch("j1"):
        assert_type(event, JobEvent)
    assert_type(client.upload(path), StoredFile)
    assert_type(await async_client.upload(path), StoredFile)
    assert_type(await async_client.run("probe"), dict[str, Any])
    assert_type(client.run("probe"), dict[str, Any])


def test_pauses_of_a_watch_are_those_of_the_api() -> None:
    assert (api_door._PAUSE_S, api_door._POLL_S) == (1.0, 0.5)
