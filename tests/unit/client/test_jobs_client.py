"""The client of queued jobs, against an API whose answers a test decides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from ffmpeg_worker.client import jobs_client
from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.jobs_client import JobsClient, open_jobs_client
from support.servers.serve_app import serve_handler

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def job(revision: int, status: str = "running", **more: Any) -> dict[str, Any]:
    return {"id": "j1", "status": status, "revision": revision, **more}


def problem(status: int, code: str, *, retryable: bool = False) -> web.Response:
    body = {"error": "It is so.", "code": code, "fault": "worker", "retryable": retryable}
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


@asynccontextmanager
async def client_of(handler: Handler) -> AsyncIterator[JobsClient]:
    async with serve_handler(handler) as url, open_jobs_client(f"{url}/api", "the-key") as client:
        yield client


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_client, "_PAUSE_S", 0.0)
    monkeypatch.setattr(jobs_client, "_POLL_S", 0.0)


async def revisions(client: JobsClient) -> list[int]:
    return [change.revision async for change in client.watch("j1")]


async def test_requests_have_the_key_and_the_path() -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs, request.headers["Authorization"]))
        value = {"jobs": [job(1)], "next_cursor": "7"} if request.path == "/api/jobs" else job(1)
        return web.json_response(value)

    async with client_of(answer) as client:
        await client.get("a/b")
        await client.cancel("j1")
        await client.retry("j1")
        page = await client.list_jobs({"status": "queued", "metadata.a": "b c"})
    assert (page.jobs[0].job_id, page.next_cursor) == ("j1", "7")
    assert [request[:2] for request in seen] == [
        ("GET", "/api/jobs/a%2Fb"),
        ("DELETE", "/api/jobs/j1"),
        ("POST", "/api/jobs/j1/retry"),
        ("GET", "/api/jobs?status=queued&metadata.a=b+c"),
    ]
    assert {key for _, _, key in seen} == {"Bearer the-key"}


async def test_a_job_is_sent_as_it_is_with_its_idempotency_key() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert await request.read() == b'{"action": "x"}'
        assert request.headers["Idempotency-Key"] == "order-17"
        return web.json_response(job(1, "queued"), status=202)

    async with client_of(answer) as client:
        assert (await client.submit(b'{"action": "x"}', idempotency_key="order-17")).status == "queued"


async def test_a_watch_is_continued_after_the_last_event() -> None:
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        parts = [[job(1), job(2)], [job(2), job(4)], [job(5, "succeeded", result={})]]
        return await send_events(request, *parts[len(asked) - 1])

    async with client_of(answer) as client:
        assert await revisions(client) == [1, 2, 4, 5]
    assert asked == [None, "2", "4"]


@pytest.mark.parametrize("refusal", [(404, "unknown_route"), (405, "method_not_allowed")])
async def test_an_api_without_events_is_asked_again_and_again(refusal: tuple[int, str]) -> None:
    states = iter([job(1), job(1), job(3), job(4, "failed")])

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/events"):
            return problem(*refusal)
        return web.json_response(next(states))

    async with client_of(answer) as client:
        assert await revisions(client) == [1, 3, 4]


async def test_a_proxy_that_answers_otherwise_is_no_event_stream() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(job(9, "succeeded"))

    async with client_of(answer) as client:
        assert await revisions(client) == [9]


async def test_a_watch_outlives_a_database_that_is_away_for_a_while() -> None:
    answers = iter([problem(503, "queue_unavailable", retryable=True), problem(502, "elsewhere", retryable=True)])

    async def answer(request: web.Request) -> web.StreamResponse:
        if (refused := next(answers, None)) is not None:
            return refused
        return await send_events(request, job(3, "succeeded", result={}))

    async with client_of(answer) as client:
        assert (await client.wait("j1")).revision == 3


async def test_a_result_that_was_left_out_of_the_last_event_is_fetched() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/events"):
            return await send_events(request, job(2), job(3, "succeeded"))
        return web.json_response(job(3, "succeeded", result={"score": 95}))

    async with client_of(answer) as client:
        assert (await client.wait("j1")).value["result"] == {"score": 95}


async def test_a_problem_in_the_stream() -> None:
    """One that passes is waited for, another ends the watch."""
    problems = iter([("queue_unavailable", True), ("job_not_found", False)])

    async def answer(request: web.Request) -> web.StreamResponse:
        code, retryable = next(problems)
        value = {"error": "It is so.", "code": code, "fault": "worker", "retryable": retryable, "job_id": "j1"}
        return await send_events(request, job(2), value)

    async with client_of(answer) as client:
        with pytest.raises(ApiError) as caught:
            await client.wait("j1")
    assert caught.value.code == "job_not_found"


async def test_an_api_that_stays_away_ends_a_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_client, "PATIENCE_S", 0.0)
    async with client_of(refuse) as client:
        with pytest.raises(ApiError, match="It is so"):
            await client.wait("j1")


async def refuse(_request: web.Request) -> web.Response:
    return problem(503, "queue_unavailable", retryable=True)


async def test_an_unknown_job_is_not_asked_again() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return problem(404, "job_not_found")

    async with client_of(answer) as client:
        with pytest.raises(ApiError) as caught:
            await client.wait("j1")
    assert (caught.value.code, len(asked)) == ("job_not_found", 1)


async def test_nobody_there() -> None:
    async with client_of(refuse) as client:
        pass
    async with open_jobs_client(client._jobs_url.removesuffix("/jobs"), None) as late:
        with pytest.raises(ApiError) as caught:
            await late.get("j1")
    assert (caught.value.code, caught.value.retryable) == ("api_unreachable", True)


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"id": 1, "status": "queued"}', '{"jobs": 3}'])
async def test_another_kind_of_server(body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    async with client_of(answer) as client:
        for call in (client.get("j1"), client.list_jobs(), client.read_log("j1")):
            with pytest.raises(ApiError) as caught:
                await call
            assert caught.value.code == "api_bad_answer"


async def test_a_log_is_read_in_pages() -> None:
    entries: list[dict[str, Any]] = [{"number": number, "text": str(number)} for number in range(1, 6)]

    async def answer(request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return web.json_response({"log": [entry for entry in entries if entry["number"] > after][:2]})

    async with client_of(answer) as client:
        assert await client.read_log("j1") == entries
