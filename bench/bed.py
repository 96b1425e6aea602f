"""What the benchmarks run on: a folder with a tiny source, the bare command, and a server of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.ffmpeg.tools import find_ffmpeg

FFMPEG = str(find_ffmpeg(os.environ.get("FFMPEG_PATH")))
TINY = ("-i", "tiny.mp4", "-c:v", "libx264", "-preset", "ultrafast")
"""About 50 ms of ffmpeg: one second of 640x360."""


@dataclass(frozen=True)
class Bed:
    """`data` is the data root of the server at `url`, which is the process `pid`."""

    data: Path
    url: str
    pid: int


def make(path: Path, *arguments: str) -> None:
    """Run ffmpeg to make a source."""
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True)


def bare(arguments: tuple[str, ...], output: str, data: Path) -> None:
    """Run the bare command, as a program would that starts ffmpeg itself."""
    subprocess.run(
        [FFMPEG, "-nostdin", "-y", *arguments, output],
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def open_bed(**variables: str) -> Iterator[Bed]:
    """A server on a free port, its data root holding tiny.mp4; `variables` are more of its environment."""
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root) / "data"
        data.mkdir()
        source = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=1", "-pix_fmt", "yuv420p")
        make(data / "tiny.mp4", *source)
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
                    yield Bed(data, json.loads(ready.readline())["url"], server.pid)
            finally:
                server.terminate()
