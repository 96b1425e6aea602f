"""The HTTP API as a real process: every action, health, metrics and shutdown."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.jobs.bad_jobs import GOOD_JOB, make_files
from support.processes import alive, children_of, with_argument
from support.programs import serve_and_load
from support.servers.api_server import Server, running_server
from support.wait_until import until, until_async

PROCESS = "/api/ffmpeg/process"
ENDLESS = {"chainCmds": "-re -f lavfi -i testsrc2=size=64x64:rate=5 -c:v mpeg4 endless.mkv", "timeout": 300}
ENDS_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("http") / "data"
    make_files(folder)
    return folder


@pytest.fixture(scope="module")
def server(files: Path) -> Iterator[Server]:
    with running_server(files.parent, FFPROBE_PATH="none", MAX_CONCURRENCY="1") as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session
    await until_async(server.is_idle)


async def post(client: aiohttp.ClientSession, action: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Run a job that must succeed; return its result and the id in its header."""
    async with client.post(f"/api/ffmpeg/{action}", json=body) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/json"
        result: dict[str, Any] = await response.json()
        return result, response.headers["X-Job-Id"]


async def test_process(client: aiohttp.ClientSession, server: Server) -> None:
    result, job_id = await post(client, "process", {**GOOD_JOB, "metadata": {"order": None}})
    [output] = result["outputs"]
    assert Path(output["path"]) == server.data_root / "good.mp4"
    assert Path(output["path"]).stat().st_size == output["size"]
    assert result["job_id"] == job_id
    assert result["metadata"] == {"order": None}
    # The server logs a request after it has sent the response.
    await until_async(lambda: bool(server.log_lines("request")))
    ended, requested = server.log_lines("job ended")[-1], server.log_lines("request")[-1]
    assert ended["job_id"] == requested["job_id"] == job_id
    assert requested["media_bytes_out"] == output["size"]


async def test_multi_process(client: aiohttp.ClientSession) -> None:
    body = {
        "processes": [
            {"chainCmds": "-i clip.mp4 -vn -c:a copy sound.m4a"},
            {"chainCmds": "-i clip.mp4 -c:v no_such_encoder never.mp4"},
            {"chainCmds": "-i clip.mp4 -frames:v 1 -update 1 still.png"},
        ]
    }
    result, job_id = await post(client, "multi_process", body)
    assert [report["success"] for report in result["results"]] == [True, False, True]
    assert result["results"][1]["error"]["code"] == "encoder_unknown"
    assert (result["job_id"], result["succeeded"], result["failed"]) == (job_id, 2, 1)


async def test_multi_process_with_a_missing_input(client: aiohttp.ClientSession) -> None:
    body = {"processes": [{"chainCmds": "-i clip.mp4 -c copy a.mp4"}, {"chainCmds": "-i missing.mp4 b.mp4"}]}
    result, _ = await post(client, "multi_process", body)
    assert [report["success"] for report in result["results"]] == [True, False]


async def test_probe(client: aiohttp.ClientSession, server: Server) -> None:
    result, job_id = await post(client, "probe", {"input": "clip.mp4"})
    assert result["format"]["filename"] == "clip.mp4"
    assert [stream["codec_name"] for stream in result["streams"]] == ["h264", "aac"]
    assert "job_id" not in result
    assert server.log_lines("job ended")[-1]["job_id"] == job_id


@pytest.mark.parametrize(("origin", "is_own"), [("https://evil.example", False), ("null", False), (None, True)])
async def test_a_page_of_another_origin_sends_no_form_to_a_server_without_keys(
    client: aiohttp.ClientSession, server: Server, origin: str | None, is_own: bool
) -> None:
    form = aiohttp.FormData({"job": '{"input": "clip.mp4"}'}, default_to_multipart=True)
    async with client.post("/api/ffmpeg/probe", data=form, headers={"Origin": origin or server.url}) as response:
        answer = await response.json()
    assert (response.status, answer.get("code")) == ((200, None) if is_own else (403, "origin_not_allowed"))


async def test_vmaf(client: aiohttp.ClientSession) -> None:
    result, job_id = await post(
        client, "vmaf", {"input1": "clip.mp4", "input2": "fast.mp4", "output": "vmaf.json"}
    )
    assert result["score"] > 95
    assert result["frames"] == 100
    assert result["job_id"] == job_id
    assert [output["name"] for output in result["outputs"]] == ["vmaf.json"]


async def test_health_while_a_job_runs(client: aiohttp.ClientSession, server: Server) -> None:
    running = asyncio.ensure_future(client.post(PROCESS, json=ENDLESS))
    await until_async(lambda: bool(server.engines()))
    async with client.get("/health") as response:
        report = await response.json()
    assert (response.status, report["status"], report["active_jobs"]) == (200, "ok", 1)
    assert report["ffmpeg"]["source"] == "embedded"
    assert report["probe"] == "pyav"
    assert {"libx264", "aac"} <= set(report["capabilities"]["main_encoders"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_metrics(client: aiohttp.ClientSession) -> None:
    await post(client, "probe", {"input": "clip.mp4"})
    async with client.get("/metrics") as response:
        text = await response.text()
    assert response.content_type == "text/plain"
    assert 'ffmpeg_worker_jobs_total{action="probe",outcome="succeeded"}' in text
    assert "process_resident_memory_bytes" in text


async def test_responses_do_not_name_the_server(client: aiohttp.ClientSession) -> None:
    async with client.get("/health") as response:
        assert "Server" not in response.headers
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_small_responses_are_sent_at_once(client: aiohttp.ClientSession) -> None:
    """Without TCP_NODELAY each of these takes 40 ms on Linux; on a busy machine some of them may take as long."""
    loop = asyncio.get_running_loop()
    taken = [1.0]
    while min(taken) > 0.03 and len(taken) < 300:
        began = loop.time()
        async with client.post("/api/ffmpeg/probe", json={}) as response:
            await response.read()
        taken.append(loop.time() - began)
    assert min(taken) < 0.03


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_interrupts_jobs_and_sends_their_errors(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path) as server:
        async with aiohttp.ClientSession(server.url) as session:
            waiting = [asyncio.ensure_future(session.post(PROCESS, json=ENDLESS)) for _ in range(2)]
            await until_async(lambda: len(server.engines()) == 2)
            began = asyncio.get_running_loop().time()
            server.process.send_signal(number)
            for request in waiting:
                async with await request as response:
                    problem = await response.json()
                    assert response.status == 503
                    assert int(response.headers["Retry-After"]) > 0
                assert (problem["code"], problem["fault"], problem["retryable"]) == ("interrupted", "worker", True)
            status = await asyncio.to_thread(server.process.wait, ENDS_WITHIN_S)
        assert status == 0
        assert asyncio.get_running_loop().time() - began < ENDS_WITHIN_S
        assert server.is_idle()
        assert list(server.scratch_root.iterdir()) == []
        assert list(server.data_root.iterdir()) == []
        assert server.log_lines("server stopping")[0]["active_jobs"] == 2


def test_the_process_that_computes_is_loaded_after_the_server_is_ready(tmp_path: Path) -> None:
    with running_server(tmp_path, serve_and_load) as server:
        until(lambda: set(with_argument("compute_program")) & set(children_of(server.pid)) != set())
        assert server.stop() == 0


async def test_closing_the_lifeline_stops_the_server(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with aiohttp.ClientSession(server.url) as session:
            waiting = asyncio.ensure_future(session.post(PROCESS, json=ENDLESS))
            await until_async(lambda: bool(server.engines()))
            assert await asyncio.to_thread(server.close_lifeline) == 0
            async with await waiting as response:
                assert (await response.json())["code"] == "interrupted"
        assert server.is_idle()


def test_a_server_that_is_killed_leaves_no_ffmpeg(tmp_path: Path) -> None:
    async def start_job(server: Server) -> None:
        async with aiohttp.ClientSession(server.url) as session:
            waiting = asyncio.ensure_future(session.post(PROCESS, json=ENDLESS))
            await until_async(lambda: bool(server.engines()))
            server.process.kill()
            await asyncio.gather(waiting, return_exceptions=True)

    with running_server(tmp_path) as server:
        asyncio.run(start_job(server))
        until(lambda: not server.engines())
    with running_server(tmp_path) as server:
        assert server.job_folders() == []


def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.stop() == 0
        assert not alive(server.pid)
