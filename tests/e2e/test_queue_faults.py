"""Queued jobs when a server is told to end, when a job kills its server, and when callers go away or cancel."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp

from support.media.sources import make, make_clip
from support.programs import stopping_server
from support.queued_jobs import send, wait_for_end, wait_for_status, wait_until
from support.servers.api_server import Server, running_server
from support.servers.bucket import Bucket


def variables(folder: Path, *, stops: bool = True, **more: str) -> dict[str, str]:
    return {
        "STOPPING_FOLDER": str(folder),
        "STOPPING": "on" if stops else "off",
        "MAX_CONCURRENCY": "4",
        "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
        "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
        "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
        **more,
    }


def make_job(stop_at: str = "", seconds: float = 0.2, speed: str = "") -> dict[str, Any]:
    command = f"{speed} -f lavfi -i testsrc=size=64x36:duration={seconds} -c:v mpeg4 o.mp4"
    return {"action": "process", "data": {"chainCmds": command}, "metadata": {"stop_at": stop_at}}


async def kill_before_its_end(server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    await asyncio.to_thread(server.process.wait)


async def test_jobs_end_within_the_grace_time_or_are_given_back(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        with running_server(
            tmp_path, stopping_server, **variables(tmp_path, FFMPEG_WORKER_QUEUE_GRACE_S="2")
        ) as server:
            stuck = await send(session, server.url, make_job("lane-0/step-0:before"))
            await wait_until((tmp_path / stuck).exists, "the step of the first job")
            short = await send(session, server.url, make_job(seconds=1, speed="-re"))
            await wait_for_status(session, server.url, short, "running")
            assert await asyncio.to_thread(server.stop) == 0
        with running_server(tmp_path, stopping_server, **variables(tmp_path, stops=False)) as server:
            ended = [await wait_for_end(session, server.url, job_id) for job_id in (stuck, short)]
    assert [job["status"] for job in ended] == ["succeeded", "succeeded"]
    assert [job["attempts"] for job in ended] == [1, 1], "an attempt that a shutdown ends is not counted"
    runs = (tmp_path / "steps").read_text().count(f"{short} lane-0/step-0")
    assert runs == 1


async def test_a_job_that_kills_its_worker_three_times_is_poisoned(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            poison = await send(session, server.url, make_job("lane-0/step-0:kill"))
            await wait_until(lambda: server.process.poll() is not None, "the death of the server")
        for _ in range(2):
            with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
                await wait_until(lambda: server.process.poll() is not None, "the death of the server")
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            other = await send(session, server.url, make_job())
            ended = await wait_for_end(session, server.url, poison)
            assert (await wait_for_end(session, server.url, other))["status"] == "succeeded"
    assert (ended["status"], ended["error"]["code"]) == ("failed", "job_poisoned")
    assert ended["error"]["stderr"].count("ended in stage") == 3


async def test_a_caller_that_waits_while_the_server_dies_gets_the_result_by_its_key(tmp_path: Path) -> None:
    job = {"chainCmds": "-f lavfi -i testsrc=size=64x36:duration=0.2 -c:v mpeg4 o.mp4"}
    body = {**job, "metadata": {"stop_at": "lane-0/step-0:before"}}
    headers = {"Idempotency-Key": "order-17"}
    async with aiohttp.ClientSession() as session:
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            waiting = asyncio.ensure_future(
                session.post(f"{server.url}/api/ffmpeg/process", json=body, headers=headers)
            )
            await wait_until((tmp_path / "steps").exists, "the first step")
            await wait_until(lambda: len(list(tmp_path.glob("????????-*"))) == 1, "the step of the job")
            await kill_before_its_end(server)
            assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], aiohttp.ClientError)
        with running_server(tmp_path, stopping_server, **variables(tmp_path, stops=False)) as server:
            async with session.post(f"{server.url}/api/ffmpeg/process", json=body, headers=headers) as response:
                assert response.status == 200
                result = await response.json()
            async with session.get(f"{server.url}/api/jobs") as response:
                (listed,) = (await response.json())["jobs"]
    assert (listed["id"], listed["attempts"]) == (result["job_id"], 2)


async def test_a_cancelled_job_leaves_no_process_and_no_upload(tmp_path: Path, bucket: Bucket) -> None:
    make_clip(tmp_path / "data/clip.mp4")
    job = {
        "action": "multi_process",
        "data": {
            "processes": [
                {"chainCmds": "-i clip.mp4 -c copy a.mp4"},
                {"chainCmds": "-re -f lavfi -i testsrc=duration=600 -c:v mpeg4 b.mp4"},
            ]
        },
        "upload": bucket.upload("cancelled/"),
    }
    async with aiohttp.ClientSession() as session:
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            job_id = await send(session, server.url, job)
            await wait_until(lambda: bucket.objects() == ["cancelled/a.mp4"], "the first upload")
            work = tmp_path / "state/jobs" / job_id
            assert find_programs(work)
            began = time.monotonic()
            async with session.delete(f"{server.url}/api/jobs/{job_id}") as response:
                assert response.status in {200, 202}
            await wait_until(lambda: not find_programs(work), "the end of ffmpeg")
            took_s = time.monotonic() - began
            ended = await wait_for_end(session, server.url, job_id)
            await wait_until(lambda: not work.exists(), "the removal of its files")
    assert (ended["status"], ended["error"]["code"]) == ("cancelled", "cancelled")
    assert bucket.objects() == []
    assert took_s < 10, "far above what it takes, since other tests share the machine"


def find_programs(folder: Path) -> list[int]:
    """Return the processes whose working directory is below a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                place = (entry / "cwd").readlink()
            except OSError:
                continue
            if place.is_relative_to(folder):
                found.append(int(entry.name))
    return found


async def test_a_kill_while_parts_of_a_growing_output_are_sent(tmp_path: Path, bucket: Bucket) -> None:
    command = (
        "-f lavfi -re -i testsrc2=size=640x360:rate=25:duration=2.6 "
        "-c:v rawvideo -pix_fmt yuv420p -fflags +bitexact a.mov"
    )
    job = {"action": "process", "data": {"chainCmds": command}, "upload": bucket.upload("a.mov")}
    async with aiohttp.ClientSession() as session:
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            job_id = await send(session, server.url, job)
            await wait_until(lambda: any("partNumber=3" in path for path in bucket.asked("PUT")), "the third part")
            await kill_before_its_end(server)
        assert bucket.objects() == []
        with running_server(tmp_path, stopping_server, **variables(tmp_path)) as server:
            ended = await wait_for_end(session, server.url, job_id)
    assert (ended["status"], ended["attempts"]) == ("succeeded", 2)
    make(tmp_path / "expected.mov", *command.replace(" -re", "").removesuffix(" a.mov").split())
    assert bucket.server.read("a.mov") == (tmp_path / "expected.mov").read_bytes()
    assert bucket.server.unfinished() == [], "the parts of the first attempt are removed"
