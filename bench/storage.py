"""Download, transcode and upload over loopback: one job compared with curl, ffmpeg and boto3 in sequence."""

from __future__ import annotations

import asyncio
import http.server
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import boto3  # type: ignore[import-untyped]

from bench.api_server import FFMPEG, ApiServer, make_source, running_server
from bench.table import median, table

_BUCKET = "bench"
_KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench-secret"}
_VARIABLES = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
_WORK = {
    "remux, -c copy": ("-c", "copy"),
    "360p, x264 veryfast": ("-vf", "scale=-2:360", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy"),
}
_NOTES = (
    "The web server and the store also run on this machine and use its cores, in both cases.",
    "Targets: ratio at most 0.90; worker's peak memory at most 150 MB above idle; HLS tail below 5 %.",
)


def measure(*, quick: bool) -> str:
    """Measure wall time and its ratio, the worker's peak memory, and the time from the end of an HLS encode."""
    seconds, rounds = (3, 1) if quick else (16, 3)
    with ExitStack() as stack:
        server = stack.enter_context(running_server(**_VARIABLES))
        source = server.data / "source.mp4"
        picture = f"testsrc2=size=1920x1080:rate=25:duration={seconds},noise=alls=24:allf=t"
        tone = ("-f", "lavfi", "-i", f"sine=duration={seconds}")
        make_source(
            source, "-f", "lavfi", "-i", picture, *tone, *"-preset ultrafast -b:v 80M -pix_fmt yuv420p".split()
        )
        comparison = _Comparison(
            server, stack.enter_context(_web(server.data)), stack.enter_context(running_store())
        )
        rows = [_compare(name, comparison, options, rounds) for name, options in _WORK.items()]
        megabytes = source.stat().st_size / 1e6
        first = table(
            f"A file of {megabytes:.0f} MB from a web server to a bucket",
            ["work", "in sequence s", "one job s", "ratio", "peak MB above idle"],
            rows,
        )
        return f"{first}\n\n{_hls(comparison, rounds, 6 if quick else 60)}"


class _Comparison:
    """The same work as separate commands and as a job."""

    def __init__(self, server: ApiServer, web: str, store: str) -> None:
        self.server = server
        self._web = web
        self._store = store
        self._client = boto3.client("s3", endpoint_url=store, region_name="us-east-1", **_KEYS)
        self._client.create_bucket(Bucket=_BUCKET)

    def in_sequence(self, options: Sequence[str]) -> float:
        """Seconds of curl, ffmpeg and an upload in sequence."""
        with tempfile.TemporaryDirectory(dir=self.server.data.parent) as folder:
            began = time.perf_counter()
            _run("curl", "-sfo", f"{folder}/in.mp4", f"{self._web}/source.mp4")
            _run(FFMPEG, "-v", "error", "-nostdin", "-y", "-i", f"{folder}/in.mp4", *options, f"{folder}/out.mp4")
            self._client.upload_file(f"{folder}/out.mp4", _BUCKET, "hand.mp4")
            return time.perf_counter() - began

    def as_job(self, options: Sequence[str]) -> float:
        """Seconds of one job over HTTP."""
        return self.job(["-i", f"{self._web}/source.mp4", *options, "out.mp4"], "job.mp4")

    def job(self, command: Sequence[str], key: str) -> float:
        """Seconds of a job with any command, whose outputs go to the bucket."""
        upload = {"bucket": _BUCKET, "key": key, "cloud_type": "AWS"}
        body = {"chainCmds": [*command], "upload": upload | {"credentials": {**_KEYS, "aws_url": self._store}}}
        return asyncio.run(_post(f"{self.server.url}/api/ffmpeg/process", body))


async def _post(url: str, body: dict[str, Any]) -> float:
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with session.post(url, json=body) as response:
            assert response.status == 200, await response.text()
            await response.read()
        return time.perf_counter() - began


def _compare(name: str, comparison: _Comparison, options: Sequence[str], rounds: int) -> list[str]:
    in_sequence, as_job, peaks = [], [], []
    comparison.as_job(options)  # the first job of a worker also loads modules
    for _ in range(rounds):
        in_sequence.append(comparison.in_sequence(options))
        idle = _memory_mb(comparison.server.pid, "VmRSS")
        Path(f"/proc/{comparison.server.pid}/clear_refs").write_text("5")  # reset the peak (proc(5))
        as_job.append(comparison.as_job(options))
        peaks.append(_memory_mb(comparison.server.pid, "VmHWM") - idle)
    hand, job = median(in_sequence), median(as_job)
    return [name, f"{hand:.2f}", f"{job:.2f}", f"{job / hand:.2f}", f"{max(peaks):.0f}"]


def _memory_mb(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def _hls(comparison: _Comparison, rounds: int, segments: int) -> str:
    """Measure the time from the end of ffmpeg to the answer."""
    command = [
        *("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={segments}", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "medium", "-g", "25", "-f", "hls", "-hls_time", "1"),
        *("-hls_playlist_type", "vod", "x.m3u8"),
    ]
    tails, encodes = [], []
    for _ in range(rounds):
        with _engine_times(comparison.server.data.parent / "scratch") as seen:
            comparison.job(command, "hls/x.m3u8")
            ended = time.perf_counter()
        tails.append(ended - seen[-1])
        encodes.append(seen[-1] - seen[0])
    tail, encode = median(tails), median(encodes)
    rows = [[f"{segments} segments of 360p", f"{encode:.2f}", f"{tail:.2f}", f"{100 * tail / encode:.1f} %"]]
    head = ["HLS to a bucket", "encode s", "tail s", "share"]
    return table("From the end of ffmpeg to the answer", head, rows, _NOTES)


@contextmanager
def _engine_times(scratch: Path) -> Iterator[list[float]]:
    """Yield the times, 20 ms apart, at which an ffmpeg was running in the scratch folder."""
    seen: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            if _works_in(scratch.resolve()):
                seen.append(time.perf_counter())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _works_in(scratch: Path) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(scratch) and (entry / "cmdline").read_bytes():
                    return True
    return False


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    """Serve the files of a folder from this process, which is otherwise idle."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def running_store(*options: str) -> Iterator[str]:
    """Start a store in its own process. It discards data, so that its own speed is not what is measured."""
    command = [sys.executable, "-m", "bench.store", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
