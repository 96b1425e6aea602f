"""A long encode is split into pieces that several workers run as jobs, and joined without loss."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import aiohttp

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


async def test_two_workers_share_encodes(tmp_path: Path, bucket: Bucket) -> None:
    """One that stays on their folder, and one that is uploaded."""
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
    async with aiohttp.ClientSession() as session:
        with running_server(first, **shared) as api:
            # The queue opens with the first job; the second server joins it at its start.
            opening = await send(session, api.url, {"action": "probe", "data": {"input": "long.mp4"}})
            await wait_for_end(session, api.url, opening)
            with running_server(second, **shared):
                kept = await run_in_pieces(session, api.url, job)
                folders = [entry.name for entry in (first / "state/jobs").iterdir() if entry.is_dir()]
                assert folders == [kept["id"]]
                await run_in_pieces(session, api.url, {**job, "upload": bucket.upload("joined/")})
    assert bucket.objects() == ["joined/small.mp4"]
    uploaded = bucket.server.read("joined/small.mp4") or b""
    for data in (Path(kept["result"]["outputs"][0]["path"]).read_bytes(), uploaded):
        assert count_frames(data, tmp_path) == FRAMES


async def run_in_pieces(session: aiohttp.ClientSession, url: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run a job that is split; returns its record."""
    job_id = await send(session, url, job)
    ended = await wait_for_end(session, url, job_id)
    async with session.get(f"{url}/api/jobs?parent_id={job_id}") as response:
        pieces = (await response.json())["jobs"]
    records = [await show(session, url, piece["id"]) for piece in pieces]
    assert ended["status"] == "succeeded", ended
    assert not any("one piece" in warning for warning in ended["result"]["warnings"]), ended["result"]["warnings"]
    assert len(pieces) == 3, "two chunks of the picture, and the sound"
    assert {piece["status"] for piece in records} == {"succeeded"}
    return ended
