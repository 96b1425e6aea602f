"""A long encode is split into pieces that several workers run as jobs, and joined without loss."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.media.sources import FFMPEG, make
from support.queued_jobs import send, show, wait_for_end
from support.servers.api_server import running_server
from support.servers.bucket import Bucket

FRAMES = 65 * 10


def make_source(path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=65")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=65")
    make(path, *picture, *sound, "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "50", "-c:a", "aac")


def count_frames(data: bytes, folder: Path) -> int:
    path = folder / "joined.mp4"
    path.write_bytes(data)
    command = [FFMPEG, "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(not line.startswith("#") for line in lines)


@pytest.mark.parametrize("way", ["no upload", "upload"])
async def test_two_workers_share_an_encode(tmp_path: Path, bucket: Bucket, way: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    make_source(first / "data/long.mp4")
    shared = {
        "FS_PATH": str(first / "data"),
        "FFMPEG_WORKER_STATE_ROOT": str(first / "state"),
        "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
        "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
        "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
        "MAX_CONCURRENCY": "1",
    }
    command = "-i long.mp4 -c:v libx264 -preset ultrafast -crf 30 -c:a aac small.mp4"
    job: dict[str, Any] = {"action": "process", "data": {"chainCmds": command, "parallel": "auto"}}
    if way == "upload":
        job["upload"] = bucket.upload("joined/")
    async with aiohttp.ClientSession() as session:
        with running_server(first, **shared) as api:
            # The queue opens with the first job; the second server joins it at its start.
            opening = await send(session, api.url, {"action": "probe", "data": {"input": "long.mp4"}})
            await wait_for_end(session, api.url, opening)
            with running_server(second, **shared):
                job_id = await send(session, api.url, job)
                ended = await wait_for_end(session, api.url, job_id)
                async with session.get(f"{api.url}/api/jobs?parent_id={job_id}") as response:
                    pieces = (await response.json())["jobs"]
                records = [await show(session, api.url, piece["id"]) for piece in pieces]
    assert ended["status"] == "succeeded", ended
    assert not any("one piece" in warning for warning in ended["result"]["warnings"]), ended["result"]["warnings"]
    assert len(pieces) == 3, "two chunks of the picture, and the sound"
    assert {piece["status"] for piece in records} == {"succeeded"}
    if way == "upload":
        data = bucket.server.read("joined/small.mp4") or b""
        assert bucket.objects() == ["joined/small.mp4"]
    else:
        data = Path(ended["result"]["outputs"][0]["path"]).read_bytes()
        folders = [entry.name for entry in (first / "state/jobs").iterdir() if entry.is_dir()]
        assert folders == [job_id]
    assert count_frames(data, tmp_path) == FRAMES
