"""A server that is killed while jobs are in every stage loses none, and repeats no step that has finished."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.media.sources import make_clip
from support.programs import stopping_server
from support.queued_jobs import WITHIN_S, send, wait_for_end, wait_until
from support.servers.api_server import running_server
from support.servers.bucket import Bucket
from support.servers.web import Web, open_web

CHAIN = "-i {url} -map 0:v -vf scale={size} -c:v rawvideo -f nut a.nut && ffmpeg -i a.nut -c copy b.nut"
# Raw frames: every run makes the same bytes, and those of the large size are 17 MB, more than three parts.
SMALL, LARGE = "160:90", "640:360"
STOPS = (
    "fetch:before",
    "fetch:unrecorded",
    "inspect:unrecorded",
    "lane-0/step-0:during",
    "lane-0/step-0:unrecorded",
    "lane-0/step-1:before",
    "lane-0/step-1:unrecorded",
    "lane-0/verify:unrecorded",
    "lane-0/deliver:before",
    "lane-0/deliver:unrecorded",
)
PART_3 = "part 3"
TWINS = {SMALL: "undisturbed", LARGE: "undisturbed-large"}


def variables(folder: Path, *, stops: bool, **more: str) -> dict[str, str]:
    """Environment of a server whose jobs all run at once."""
    return {
        "STOPPING_FOLDER": str(folder),
        "STOPPING": "on" if stops else "off",
        "MAX_CONCURRENCY": "16",
        "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
        "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
        "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
        **more,
    }


def make_job(web: Web, bucket: Bucket, name: str, stop_at: str = "", size: str = SMALL) -> dict[str, Any]:
    """A job that fetches, runs two commands, and uploads what both have made."""
    chain = CHAIN.format(url=f"{web.url}/plain/{name}.mp4", size=size)
    return {
        "action": "process",
        "data": {"chainCmds": chain, "output": ["a.nut", "b.nut"]},
        "upload": bucket.upload(f"{name}/"),
        "metadata": {"stop_at": stop_at},
    }


def count_steps(folder: Path, job_id: str) -> Counter[str]:
    """How often each step of a job ran, in all processes."""
    lines = read_lines(folder / "steps")
    return Counter(line.partition(" ")[2] for line in lines if line.startswith(job_id))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a database: the file of the server, or one in PostgreSQL."""
    if request.param == "sqlite":
        return {}
    url = request.getfixturevalue("postgres").create_database()
    return {"FFMPEG_WORKER_DATABASE_URL": url, "FFMPEG_WORKER_STATE_KEY": "key of the test"}


async def test_jobs_go_on_after_a_kill(tmp_path: Path, bucket: Bucket, database: dict[str, str]) -> None:
    folder = tmp_path / "stops"
    folder.mkdir()
    names = {stop: f"clip-{number}" for number, stop in enumerate((*STOPS, PART_3))}
    held, killed = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold_part_3(method: str, path: str) -> int | None:
        if method == "PUT" and "partNumber=3" in path and names[PART_3] in path and not held.is_set():
            loop.call_soon_threadsafe(held.set)
            killed.wait(WITHIN_S)  # the upload of this part does not end before the server is killed
            return 500
        return None

    bucket.server.fault = hold_part_3
    async with open_web() as web, aiohttp.ClientSession() as session:
        clip = make_clip(tmp_path / "clip.mp4", seconds=2).read_bytes()
        web.files = {f"{name}.mp4": clip for name in (*names.values(), *TWINS.values())}
        jobs: dict[str, str] = {}
        with running_server(tmp_path, stopping_server, **variables(folder, stops=True, **database)) as server:
            for stop, name in names.items():
                jobs[stop] = await send(session, server.url, make_job(web, bucket, name, stop, size_of(stop)))
            for stop in STOPS:
                await wait_until((folder / jobs[stop]).exists, stop)
            await asyncio.wait_for(held.wait(), WITHIN_S)
            for stop, job_id in jobs.items():
                await wait_until(partial(are_recorded, folder, stop, job_id), f"records of {stop}")
            os.kill(server.pid, signal.SIGKILL)
            server.process.wait()
            killed.set()
        with running_server(tmp_path, stopping_server, **variables(folder, stops=False, **database)) as server:
            ends = {stop: await wait_for_end(session, server.url, job_id) for stop, job_id in jobs.items()}
            expected = {}
            for size, name in TWINS.items():
                undisturbed = await send(session, server.url, make_job(web, bucket, name, size=size))
                await wait_for_end(session, server.url, undisturbed)
                expected[size] = len(count_steps(folder, undisturbed))
    for stop, end in ends.items():
        assert end["status"] == "succeeded", (stop, end)
        assert end["attempts"] == 2
        for output in ("a.nut", "b.nut"):
            made = bucket.server.read(f"{names[stop]}/{output}")
            assert made is not None
            assert made == bucket.server.read(f"{TWINS[size_of(stop)]}/{output}"), stop
        check_steps(stop, count_steps(folder, jobs[stop]), expected[size_of(stop)])


def are_recorded(folder: Path, stop: str, job_id: str) -> bool:
    """Whether all steps that have ended are recorded; those of short ones are written a moment later."""
    written = {line.partition(" ")[2] for line in read_lines(folder / "records") if line.startswith(job_id)}
    return set(count_steps(folder, job_id)) - steps_at(stop) <= written


def steps_at(stop: str) -> set[str]:
    """The steps in which a job is stopped."""
    if stop == PART_3:
        name = "clip-" + str(len(STOPS))
        uploads = {f"lane-0/{kind}/{name}/{file}.nut" for kind in ("begin", "upload") for file in "ab"}
        return {"lane-0/deliver", *uploads}
    return {stop.rpartition(":")[0]}


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def size_of(stop: str) -> str:
    return LARGE if stop == PART_3 else SMALL


def check_steps(stop: str, found: Counter[str], expected: int) -> None:
    """Only the step that was interrupted ran twice."""
    twice = steps_at(stop)
    assert len(found) == expected, (stop, found)
    assert {name for name, count in found.items() if count > 1} <= twice, (stop, found)
    assert max(found.values()) <= 2, (stop, found)
