"""Upload while encoding beside upload after it, and segments with clients that a job keeps beside one for each."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import aiohttp

from bench.api_server import ApiServer, running_server
from bench.storage import running_store
from bench.table import median, table
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.job.object_location import ObjectLocation
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.remote_stores import open_remote_stores
from ffmpeg_worker.storage.transfer import TransferMeter

_BUCKET = "bench"
_KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench-secret"}
_OUTBOUND = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.0/8"}
_VARIABLES = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
_FRAME_BYTES = 640 * 480 * 3 // 2
_LINES = [(20, 5), (20, 50), (100, 5), (100, 50)]
"""Megabytes per second and milliseconds."""
_SIZES = {50: (5, 3), 500: (20, 1)}
"""Seconds that FFmpeg takes to write an output of so many megabytes, and rounds."""
_SEGMENTS = 60
_SEGMENT_BYTES = 200_000


def measure(*, quick: bool) -> str:
    """Measure jobs with one output, and deliveries of many small ones."""
    with ExitStack() as stack:
        early = stack.enter_context(running_server(**_VARIABLES))
        late = stack.enter_context(running_server(**_VARIABLES, FFMPEG_WORKER_UPLOAD_WHILE_ENCODING="0"))
        rows = [
            _compare(early, late, megabytes, seconds, rounds, line)
            for megabytes, (seconds, rounds) in ({50: (2, 1)} if quick else _SIZES).items()
            for line in (_LINES[:1] if quick else _LINES)
        ]
        first = table(
            "An output that FFmpeg writes at a steady rate (raw video in .mov), to a bucket",
            ["output, line", "FFmpeg s", "after it s", "while encoding s", "ratio"],
            rows,
            ("Medians of whole jobs over HTTP. The line is shared by all connections; each answer is delayed.",),
        )
        return f"{first}\n\n{_segments(1 if quick else 5)}"


def _compare(
    early: ApiServer, late: ApiServer, megabytes: int, seconds: int, rounds: int, line: tuple[int, int]
) -> list[str]:
    with running_store("--megabytes-per-s", str(line[0]), "--latency-ms", str(line[1])) as store:
        times: dict[str, list[float]] = {early.url: [], late.url: []}
        for _ in range(rounds):
            for server in (late, early):
                times[server.url].append(asyncio.run(_run(server, store, megabytes, seconds)))
    after, during = median(times[late.url]), median(times[early.url])
    name = f"{megabytes} MB, {line[0]} MB/s, {line[1]} ms"
    return [name, f"{seconds}", f"{after:.2f}", f"{during:.2f}", f"{during / after:.2f}"]


async def _run(server: ApiServer, store: str, megabytes: int, seconds: int) -> float:
    """Seconds of a job."""
    rate = megabytes * 1_000_000 / _FRAME_BYTES / seconds
    source = f"-f lavfi -re -i color=size=640x480:rate={rate:.3f}:duration={seconds}"
    body = {
        "chainCmds": f"{source} -c:v rawvideo -pix_fmt yuv420p out.mov",
        "upload": _upload(store, "out.mov"),
    }
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with session.post(f"{server.url}/api/ffmpeg/process", json=body) as response:
            assert response.status == 200, await response.text()
            await response.read()
        return time.perf_counter() - began


def _segments(rounds: int) -> str:
    rows = []
    for latency_ms in (0, 5, 50):
        with running_store("--latency-ms", str(latency_ms)) as store:
            times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
            for _ in range(rounds):
                for is_kept in (False, True):
                    times[is_kept].append(asyncio.run(_deliver(store, is_kept=is_kept)))
        row = [f"{latency_ms} ms"]
        for part in (0, 1):
            before, after = (median([each[part] for each in times[is_kept]]) for is_kept in (False, True))
            row += [f"{before * 1e3:.2f}", f"{after * 1e3:.2f}"]
        rows.append(row)
    return table(
        f"{_SEGMENTS} segments of {_SEGMENT_BYTES // 1000} kB, one after the other: milliseconds for each",
        ["delay of answers", "own clients", "kept client", "own, processor", "kept, processor"],
        rows,
    )


async def _deliver(store: str, *, is_kept: bool) -> tuple[float, float]:
    """Wall and processor seconds of one segment."""
    settings = Settings(**_OUTBOUND)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.ts"
        path.write_bytes(bytes(_SEGMENT_BYTES))
        async with AsyncExitStack() as stack:
            stores = await open_remote_stores(stack, settings, Path(folder) / "cache", {})
            if is_kept:
                stores = await stores.for_job(stack)
            upload = Upload.model_validate(_upload(store, "x/"))
            target = stores.bucket_target(
                ObjectLocation(cloud=CloudType.AWS, bucket=_BUCKET, key="x/"), upload, is_own=False
            )
            began, used = time.perf_counter(), time.process_time()
            for number in range(_SEGMENTS):
                delivery = target.open_delivery(TransferMeter())
                delivery.send(f"x/{number}.ts", path)
                await delivery.finish()
            return (time.perf_counter() - began) / _SEGMENTS, (time.process_time() - used) / _SEGMENTS


def _upload(store: str, key: str) -> dict[str, Any]:
    return {"bucket": _BUCKET, "key": key, "cloud_type": "AWS", "credentials": {**_KEYS, "aws_url": store}}
