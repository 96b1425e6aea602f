"""Splitting jobs: the parts, the merged result, and an endpoint that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ffmpeg_worker.client.aiohttp_transport import AiohttpTransport
from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.client.runpod_endpoint import RunpodEndpoint
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.runpod_worker.fan_out import FanOut
from ffmpeg_worker.runpod_worker.parts import find_reason_not_to_split, merge_results, split_request
from ffmpeg_worker.runpod_worker.request import PART_KEY, RunpodRequest, read_request
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.servers.fake_api import FakeApi, open_fake_api
from support.servers.fake_runpod import FakeRunpod, PlatformJob, open_fake_runpod
from support.wait_until import until_async

UPLOAD = {"bucket": "out", "key": "all", "credentials": {"aws_secret_access_key": "topmostsecret"}}


def asked(count: int = 4, **more: Any) -> dict[str, Any]:
    processes = [{"chainCmds": f"ffmpeg -i https://a.example/in.mp4 {index}.mp4"} for index in range(count)]
    return {"action": "multi_process", "data": {"processes": processes}, "upload": UPLOAD, **more}


def request(**more: Any) -> RunpodRequest:
    return read_request({"id": "x", "input": asked(**more)}, max_bytes=1 << 20)


def result(count: int, name: str, **more: Any) -> dict[str, Any]:
    outputs = [{"name": f"{name}{index}"} for index in range(count)]
    return {
        "results": [{"index": index, "success": True, "outputs": [outputs[index]]} for index in range(count)],
        "succeeded": count,
        "failed": 0,
        "outputs": outputs,
        "stats": {"seconds": 2.0, "speed": 3.0, "cpu_seconds": 1.5, "input_bytes": 10, "output_bytes": 5},
        "warnings": [],
        **more,
    }


@pytest.mark.parametrize(
    ("count", "workers", "sizes"), [(4, 2, [2, 2]), (7, 3, [2, 2, 3]), (2, 3, [1, 1]), (50, 4, [12, 13, 12, 13])]
)
def test_parts_are_of_nearly_equal_size_and_in_order(count: int, workers: int, sizes: list[int]) -> None:
    parts = split_request(request(count=count, metadata={"order": 1}), workers)
    bodies = [json.loads(part.request.body) for part in parts]
    assert [part.count for part in parts] == [len(body["processes"]) for body in bodies] == sizes
    assert [process for body in bodies for process in body["processes"]] == asked(count)["data"]["processes"]
    assert not any("metadata" in body for body in bodies)


def test_parts_have_no_loose_values_that_the_whole_job_notes() -> None:
    """Their notes would count the processes from 0 in each part."""
    whole = request(count=2, timeout="30", webhook="")
    body = json.loads(whole.body)
    body["processes"][1]["output"] = ""
    parts = split_request(replace(whole, body=json.dumps(body).encode()), 2)
    bodies = [json.loads(part.request.body) for part in parts]
    assert [body["timeout"] for body in bodies] == [30, 30]
    assert not any("webhook" in body or "output" in body["processes"][0] for body in bodies[1:])
    assert whole.job is not None
    assert whole.job.notes


@pytest.mark.parametrize(
    ("upload", "kept"),
    [
        ({"bucket": "out", "key": "a/b.mp4"}, {"bucket": "out", "key": "a/b.mp4/"}),
        ({"url": "s3://out/a.b/"}, {"url": "s3://out/a.b/"}),
        ({"bucket": "out"}, {"bucket": "out"}),
        (
            {"urls": {"0.mp4": "https://b.example/0.mp4?sig=1"}},
            {"urls": {"0.mp4": "https://b.example/0.mp4?sig=1"}},
        ),
    ],
)
def test_a_prefix_does_not_become_the_name_of_an_only_output(upload: Any, kept: Any) -> None:
    (part, _) = split_request(request(count=2, upload=upload), 2)
    assert json.loads(part.request.body)["upload"] == kept


def test_a_part_sent_away_is_a_job_that_is_not_cut_again() -> None:
    (_, part) = split_request(request(), 2)
    again = read_request({"id": "y", "input": part.as_input()}, max_bytes=1 << 20)
    assert again == replace(part.request, job=again.job, is_part=True)
    assert isinstance(again.job, MultiProcessJob)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"upload": None}, "upload"),
        ({"inputs": {"in_1": "clip.mp4"}}, "files of the worker"),
        ({"data": {"processes": [{"chainCmds": "ffmpeg -i /data/a.mp4 b.mp4"}]}}, "files of the worker"),
        ({"data": {"processes": [{"chainCmds": "ffmpeg -f lavfi -i color a.mp4"}] * 2}}, "same name"),
        ({"data": {"processes": [{"chainCmds": "ffmpeg -f concat -i s3://b/l.txt a.mp4"}]}}, "list"),
        ({"inputs": {"in_1": {"content": "1"}, "in_2": "s3://bucket/a.mp4", "in_3": "gs://bucket/a"}}, None),
    ],
)
def test_what_must_stay_on_one_worker(more: dict[str, Any], reason: str | None) -> None:
    job = request(**more).job
    assert isinstance(job, MultiProcessJob)
    found = find_reason_not_to_split(job, option_policy=True)
    assert found is None if reason is None else reason in (found or "")


def test_results_are_those_of_one_worker() -> None:
    parts = split_request(request(count=3), 2)
    broken = {"index": 1, "success": False, "error": {"error": "No.", "where": {"process": 1, "command": 0}}}
    second = result(2, "b", warnings=["slow"], sandbox="degraded")
    second["results"][1] = broken
    whole = merge_results(
        parts, [result(1, "a", job_id="j"), second], seconds=4.0, metadata={"order": 1}, warnings=["slow", "w"]
    )
    assert [report["index"] for report in whole["results"]] == [0, 1, 2]
    assert whole["results"][2]["error"]["where"] == {"process": 2, "command": 0}
    assert [output["name"] for output in whole["outputs"]] == ["a0", "b0", "b1"]
    assert (whole["succeeded"], whole["failed"], whole["job_id"]) == (2, 1, "j")
    assert whole["stats"] == {
        "seconds": 4.0,
        "speed": 3.0,
        "cpu_seconds": 3.0,
        "input_bytes": 20,
        "output_bytes": 10,
    }
    assert (whole["warnings"], whole["sandbox"], whole["metadata"]) == (["slow", "w"], "degraded", {"order": 1})


@pytest_asyncio.fixture
async def api() -> AsyncIterator[FakeApi]:
    """A fake API whose jobs succeed."""
    async with open_fake_api() as fake:

        async def reply(asked: web.Request) -> web.Response:
            return web.json_response(result(len((await asked.json())["processes"]), "here"))

        fake.reply = reply
        yield fake


@pytest_asyncio.fixture
async def platform() -> AsyncIterator[FakeRunpod]:
    async with open_fake_runpod() as standing_in:
        yield standing_in


def worker_of(api: FakeApi, url: str, *, queue_s: float = 20, timeout_s: float = 20) -> RunpodWorker:
    client = ApiClient(ExternalApi(api.base_url, "key"), timeout_s=timeout_s, ready_timeout_s=0.1)
    endpoint = RunpodEndpoint(f"{url}/v2/endpoint", "endpoint-key", AiohttpTransport(), pauses_s=(0.01, 0.01))
    fan_out = FanOut(client, endpoint, min_processes=2, workers=2, queue_s=queue_s, release_s=0.3)
    return RunpodWorker(fan_out, 1 << 20)


async def start_part(platform: FakeRunpod) -> PlatformJob:
    """Take the part as another worker would."""
    await until_async(lambda: bool(platform.jobs))
    (part,) = platform.jobs.values()
    part.status, part.worker = "IN_PROGRESS", "other"
    return part


def end_part(part: PlatformJob, status: str, result: dict[str, Any] | None) -> None:
    part.result = result
    part.end(status)


def heres(api: FakeApi) -> list[int]:
    """How many processes each job had that ran here."""
    return [len(body["processes"]) for _, _, body in api.requests]


async def test_a_part_is_answered_by_another_worker(api: FakeApi, platform: FakeRunpod) -> None:
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    part = await start_part(platform)
    assert part.job["input"][PART_KEY] is True
    assert 5000 <= part.job["policy"]["executionTimeout"] <= 20_000
    end_part(part, "COMPLETED", {"output": {"success": True, "result": result(2, "there")}})
    answer = (await running)["result"]
    assert [output["name"] for output in answer["outputs"]] == ["here0", "here1", "there0", "there1"]
    assert (answer["warnings"], heres(api)) == ([], [2])


async def test_a_part_of_another_worker_is_never_split_request(api: FakeApi, platform: FakeRunpod) -> None:
    answer = await worker_of(api, platform.url).handle({"id": "x", "input": {**asked(), PART_KEY: True}})
    assert (answer["success"], heres(api), platform.jobs) == (True, [4], {})


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("COMPLETED", {"output": {"success": True, "result": result(1, "too few")}}),
        ("COMPLETED", {}),
        ("FAILED", {"error": "the worker died"}),
        (
            "FAILED",
            {"error": "x", "output": {"details": {"code": "interrupted", "fault": "worker", "retryable": True}}},
        ),
        ("TIMED_OUT", None),
        ("CANCELLED", None),
    ],
)
async def test_what_another_worker_does_not_finish_is_run_here(
    api: FakeApi, platform: FakeRunpod, status: str, ended: dict[str, Any] | None
) -> None:
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    end_part(await start_part(platform), status, ended)
    answer = (await running)["result"]
    assert [report["index"] for report in answer["results"]] == [0, 1, 2, 3]
    assert heres(api) == [2, 2]
    assert answer["warnings"][0].startswith("Processes 2 to 3 ran on the same worker, because")


async def test_a_job_that_is_wrong_in_one_part_is_wrong(api: FakeApi, platform: FakeRunpod) -> None:
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    api.hang()
    problem = {"code": "no_such_bucket", "fault": "target", "retryable": False, "where": {"process": 1}}
    end_part(await start_part(platform), "FAILED", {"error": "No bucket.", "output": {"details": problem}})
    answer = await running
    assert answer["error"] == "No bucket."
    assert answer["details"] == {"error": "No bucket.", **problem, "where": {"process": 3}}


def failed(count: int) -> dict[str, Any]:
    """The problem of a part of which every process failed, as the API sends it."""
    error = {"error": "No input.", "code": "source_not_found", "fault": "source", "retryable": False}
    reports = [
        {"index": index, "success": False, "error": {**error, "where": {"process": index}}}
        for index in range(count)
    ]
    return {**error, "code": "all_processes_failed", "where": {"process": 0}, "results": reports}


async def test_a_part_of_which_every_process_failed_does_not_fail_the_others(
    api: FakeApi, platform: FakeRunpod
) -> None:
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    end_part(await start_part(platform), "FAILED", {"error": "No input.", "output": {"details": failed(2)}})
    answer = (await running)["result"]
    assert (answer["succeeded"], answer["failed"]) == (2, 2)
    assert [(report["index"], report["success"]) for report in answer["results"]] == [
        (0, True),
        (1, True),
        (2, False),
        (3, False),
    ]
    assert answer["results"][3]["error"]["where"] == {"process": 3}


async def test_a_job_of_which_every_part_failed_fails(api: FakeApi, platform: FakeRunpod) -> None:
    async def reply(asked: web.Request) -> web.Response:
        problem = failed(len((await asked.json())["processes"]))
        return web.json_response(problem, status=422, content_type="application/problem+json")

    api.reply = reply
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    end_part(await start_part(platform), "FAILED", {"error": "No input.", "output": {"details": failed(2)}})
    answer = await running
    assert answer["error"] == "All 4 processes failed; the first one: No input."
    assert (answer["details"]["code"], answer["details"]["fault"]) == ("all_processes_failed", "source")
    assert [report["error"]["where"]["process"] for report in answer["details"]["results"]] == [0, 1, 2, 3]


@pytest.mark.parametrize("refusals", [[429], [500, 503], [429, 429, 429], [401]])
async def test_an_endpoint_that_does_not_take_parts(
    api: FakeApi, platform: FakeRunpod, refusals: list[int]
) -> None:
    platform.client_refusals[:] = refusals
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    if len(refusals) < 3 and 401 not in refusals:
        part = await start_part(platform)
        end_part(part, "COMPLETED", {"output": {"success": True, "result": result(2, "there")}})
        assert (await running)["result"]["warnings"] == []
    else:
        warnings = (await running)["result"]["warnings"]
        assert (f"HTTP {refusals[0]}" in warnings[0], heres(api), platform.jobs) == (True, [2, 2], {})


async def test_an_endpoint_that_is_not_there(api: FakeApi) -> None:
    answer = await worker_of(api, "http://127.0.0.1:1").handle({"id": "x", "input": asked()})
    assert "cannot be reached" in answer["result"]["warnings"][0]
    assert heres(api) == [2, 2]


async def test_a_part_that_ends_while_it_is_given_up_counts(api: FakeApi, platform: FakeRunpod) -> None:
    running = asyncio.create_task(worker_of(api, platform.url, queue_s=0).handle({"id": "x", "input": asked()}))
    await until_async(lambda: bool(platform.jobs))
    (part,) = platform.jobs.values()
    stop = platform.stop

    def finish_first(job_id: str) -> None:
        end_part(part, "COMPLETED", {"output": {"success": True, "result": result(2, "there")}})
        stop(job_id)

    platform.stop = finish_first  # type: ignore[method-assign]
    answer = (await running)["result"]
    assert (heres(api), answer["warnings"]) == ([2], [])


async def test_a_worker_that_was_stopped_may_clean_up_first(api: FakeApi, platform: FakeRunpod) -> None:
    """It removes what it has uploaded, under the names that will be written here."""
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    part = await start_part(platform)
    await until_async(lambda: heres(api) == [2])
    end_part(part, "CANCELLED", None)
    began = asyncio.get_running_loop().time()
    assert (await running)["success"] is True
    assert asyncio.get_running_loop().time() - began > 0.3
    assert heres(api) == [2, 2]


@pytest.mark.parametrize("times", [1, 3])
async def test_cancelling_reaches_the_parts(api: FakeApi, platform: FakeRunpod, times: int) -> None:
    api.hang()
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    part = await start_part(platform)
    await until_async(lambda: bool(api.requests))
    for _ in range(times):
        running.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert part.status == "CANCELLED"
    await until_async(lambda: api.gone == 1)


async def test_out_of_time_the_parts_end_too(api: FakeApi, platform: FakeRunpod) -> None:
    api.hang()
    running = asyncio.create_task(worker_of(api, platform.url, timeout_s=1).handle({"id": "x", "input": asked()}))
    part = await start_part(platform)
    assert (await running)["details"]["code"] == "api_timeout"
    assert part.status == "CANCELLED"


async def test_no_secret_is_logged(api: FakeApi, platform: FakeRunpod, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "ffmpeg_worker")
    platform.client_refusals[:] = [500]
    running = asyncio.create_task(worker_of(api, platform.url).handle({"id": "x", "input": asked()}))
    end_part(await start_part(platform), "FAILED", {"error": "x"})
    await running
    lines = repr([record.__dict__ for record in caplog.records])
    assert "part runs here" in lines
    assert "endpoint-key" not in lines
    assert "topmostsecret" not in lines
