"""The parts that benchmarks share: a small source, the bare command, and an API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg

FFMPEG = str(find_ffmpeg(os.environ.get("FFMPEG_PATH")))
TINY = ("-i", "tiny.mp4", "-c:v", "libx264", "-preset", "ultrafast")
"""A command that takes ffmpeg about 50 ms: it encodes one second of 640x360."""


@dataclass(frozen=True)
class ApiServer:
    """A server at `url` with the process id `pid` and the data root `data`."""

    data: Path
    url: str
    pid: int


def running_trees(stack: ExitStack, **variables: str) -> dict[str, ApiServer]:
    """Start a server of this code, and one of the tree whose `src` folder `BENCH_AGAINST` names, if it does."""
    paths = {"this code": Path(__file__).parents[1] / "src"}
    if against := os.environ.get("BENCH_AGAINST"):
        paths = {"the other": Path(against), **paths}
    return {
        name: stack.enter_context(running_server(**{"PYTHONPATH": str(path), **variables}))
        for name, path in paths.items()
    }


def make_source(path: Path, *arguments: str) -> None:
    """Run ffmpeg to write a source to `path`."""
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True)


def run_bare(arguments: tuple[str, ...], output: str, data: Path) -> None:
    """Run ffmpeg without the worker, as a program does that starts it itself."""
    subprocess.run(
        [FFMPEG, "-nostdin", "-y", *arguments, output],
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def running_server(**variables: str) -> Iterator[ApiServer]:
    """Start a server on a free port, with tiny.mp4 in its data root and `variables` in its environment."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root) / "data"
        data.mkdir()
        source = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=1", "-pix_fmt", "yuv420p")
        make_source(data / "tiny.mp4", *source)
        environment = {
            **os.environ,
            "FS_PATH": str(data),
            "FFMPEG_WORKER_SCRATCH_ROOT": str(Path(root) / "scratch"),
            "FFMPEG_WORKER_API_KEYS": "",
            **variables,
        }
        reading, writing = os.pipe()
        with subprocess.Popen(
            [sys.executable, "-m", "ffmpeg_worker", "serve", "--port", "0", "--ready-fd", str(writing)],
            env=environment,
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        ) as server:
            os.close(writing)
            try:
                with os.fdopen(reading) as ready:
                    yield ApiServer(data, json.loads(ready.readline())["url"], server.pid)
            finally:
                server.terminate()
