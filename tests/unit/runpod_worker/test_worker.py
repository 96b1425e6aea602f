"""The handler: output of all actions, cancelling, and failures that must not reach the SDK."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from ffmpeg_worker.logs import JsonLines
from ffmpeg_worker.runpod_worker import worker as worker_module
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.servers.fake_api import RESULTS, open_fake_api
from support.wait_until import until_async

MakeWorker = Callable[..., RunpodWorker]
DATA: dict[str, dict[str, Any]] = {
    "process": {"chainCmds": "ffmpeg -i a.mp4 b.mp4"},
    "multi_process": {"processes": [{"chainCmds": "ffmpeg -i a.mp4 b.mp4"}]},
    "probe": {"input": "a.mp4"},
    "vmaf": {"input1": "a.mp4", "input2": "b.mp4"},
}
JOB = {"id": "job-7", "input": {"action": "process", "data": DATA["process"]}}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The log lines written meanwhile."""
    found: list[dict[str, Any]] = []
    formatter = JsonLines()

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(formatter.format(record)))

    monkeypatch.setattr(logging.getLogger("ffmpeg_worker"), "handlers", [Keeper()])
    caplog.set_level(logging.INFO, "ffmpeg_worker")
    return found


@pytest.mark.parametrize("is_on_platform", [True, False])
async def test_only_jobs_of_the_platform_have_an_id_there(
    make_worker: MakeWorker, *, is_on_platform: bool
) -> None:
    async def post(_job_id: str, _progress: dict[str, Any]) -> None:
        pass

    async with open_fake_api() as api:
        worker = make_worker(api.base_url)
        worker._post_progress = post if is_on_platform else None
        await worker.handle(JOB)
        [(_, headers, _)] = api.requests
    assert headers.get("X-Platform-Job-Id") == ("job-7" if is_on_platform else None)


@pytest.mark.parametrize("action", DATA)
@pytest.mark.parametrize("spelling", ["action", "path"])
async def test_every_action_in_both_spellings(make_worker: MakeWorker, action: str, spelling: str) -> None:
    name = action if spelling == "action" else f"/ffmpeg/{action}"
    data_key = "data" if spelling == "action" else "body"
    asked = {spelling: name, data_key: DATA[action], "metadata": {"order": 7}}
    async with open_fake_api() as api:
        answer = await make_worker(api.base_url).handle({"id": "x", "input": asked})
        path, headers, body = api.requests[0]
    assert answer == {"success": True, "result": RESULTS[action]}
    assert path == f"/api/ffmpeg/{action}"
    assert body == {**DATA[action], "metadata": {"order": 7}}
    assert headers["Authorization"] == "Bearer key"
    assert headers["Content-Type"] == "application/json"


async def test_a_wrong_job_is_refused_without_a_request(make_worker: MakeWorker) -> None:
    async with open_fake_api() as api:
        answer = await make_worker(api.base_url).handle({"id": "x", "input": {"action": "probee", "data": {}}})
        assert api.requests == []
    assert answer["details"]["code"] == "unknown_action"
    assert "probe" in answer["details"]["hint"]


@pytest.mark.parametrize("times", [1, 4])
async def test_cancelling_stops_the_job(make_worker: MakeWorker, times: int) -> None:
    async with open_fake_api() as api:
        api.hang()
        task = asyncio.create_task(make_worker(api.base_url).handle(JOB))
        await until_async(lambda: bool(api.requests))
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_async(lambda: api.gone == 1, within_s=2)


async def test_cancelling_one_job_leaves_the_others(make_worker: MakeWorker) -> None:
    release = asyncio.Event()

    async def reply(_request: web.Request) -> web.Response:
        await release.wait()
        return web.json_response(RESULTS["process"])

    async with open_fake_api() as api:
        api.reply = reply
        worker = make_worker(api.base_url)
        first, second = (asyncio.create_task(worker.handle(JOB)) for _ in range(2))
        await until_async(lambda: len(api.requests) == 2)
        first.cancel()
        await until_async(lambda: api.gone == 1)
        release.set()
        assert (await second)["success"] is True
        assert first.cancelled()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), RuntimeError("key=secret"), MemoryError()])
async def test_a_defect_of_the_worker_does_not_reach_the_sdk(
    make_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(_job: Any, **_limits: Any) -> Any:
        raise error

    monkeypatch.setattr(worker_module, "read_request", fail)
    answer = await make_worker("http://127.0.0.1:1/api").handle(JOB)
    assert answer["details"]["code"] == "worker_error"
    assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize("job", [None, 7, "job", [], {}])
async def test_a_job_that_is_not_an_object_with_input(make_worker: MakeWorker, job: Any) -> None:
    assert "error" in await make_worker("http://127.0.0.1:1/api").handle(job)


async def test_the_log_lines_of_a_job_carry_its_id(make_worker: MakeWorker, lines: list[dict[str, Any]]) -> None:
    secret = {**DATA["process"], "metadata": {"token": "s3cret"}}
    async with open_fake_api() as api:
        worker = make_worker(api.base_url)
        await worker.handle({"id": "job-7", "input": {"action": "process", "data": secret}})
        await worker.handle({"id": "job-8", "input": {"action": "probee", "data": {}}})
    assert [(line["event"], line["job_id"]) for line in lines] == [
        ("job started", "job-7"),
        ("api call", "job-7"),
        ("job performance", "job-7"),
        ("job finished", "job-7"),
        ("job started", "job-8"),
        ("job failed", "job-8"),
        ("job finished", "job-8"),
    ]
    call, performance, finished = lines[1:4]
    assert (call["method"], call["path"], call["status"]) == ("POST", "/ffmpeg/process", 200)
    assert call["bytes_sent"] > 0
    assert call["bytes_received"] > 0
    assert performance["speed"] == 2.0
    assert performance["output_bytes"] == 7
    assert finished["outcome"] == "succeeded"
    assert (lines[5]["code"], lines[5]["fault"]) == ("unknown_action", "caller")
    written = json.dumps(lines)
    assert "s3cret" not in written
    assert "chainCmds" not in written
    assert "Bearer" not in written


async def test_jobs_run_side_by_side(make_worker: MakeWorker) -> None:
    together = asyncio.Barrier(5)

    async def reply(_request: web.Request) -> web.Response:
        await together.wait()
        return web.json_response(RESULTS["process"])

    async with open_fake_api() as api:
        api.reply = reply
        worker = make_worker(api.base_url)
        answers = await asyncio.gather(*(worker.handle(JOB) for _ in range(5)))
    assert all(answer["success"] for answer in answers)


@pytest.mark.parametrize("action", DATA)
async def test_the_performance_of_a_job_has_no_unknown_figures(
    make_worker: MakeWorker, lines: list[dict[str, Any]], action: str
) -> None:
    async with open_fake_api() as api:
        await make_worker(api.base_url).handle({"id": "x", "input": {"action": action, "data": DATA[action]}})
    found = [line for line in lines if line["event"] == "job performance"]
    assert len(found) == int("stats" in RESULTS[action])
    assert all(value is not None for line in found for value in line.values())
    assert all("api_seconds" in line for line in found)
