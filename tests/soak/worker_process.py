"""Starts `ffmpeg-worker serve` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from soak.folders import RunFolders
from support.servers.api_server import Server
from support.servers.forked_server import ForkedServer

HONEST_KEY = "key-of-honest-callers"
HOSTILE_KEY = "key-of-hostile-callers"
FIRST_UID = 310_000
STOP_WITHIN_S = 20.0
_MIB = 1 << 20
_LIMITS = {
    "MAX_CONCURRENCY": "2",
    "FFMPEG_WORKER_MAX_WAITING_JOBS": "60",
    "FFMPEG_WORKER_MAX_MEMORY_BYTES": str(512 * _MIB),
    "FFMPEG_WORKER_MAX_OUTPUT_FILE_BYTES": str(20 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_BYTES": str(40 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_FILES": "500",
    "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": str(32 * _MIB),
    "FFMPEG_WORKER_CACHE_BYTES": str(32 * _MIB),
}
_KEPT = ("PATH", "HOME", "LANG", "FFMPEG_PATH")


def worker_environment(folders: RunFolders, data: Path, **variables: str) -> dict[str, str]:
    """The whole environment of a worker with this data root."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONFAULTHANDLER": "1",
        "TMPDIR": str(folders.temporary),
        "FS_PATH": str(data),
        "FFMPEG_WORKER_SCRATCH_ROOT": str(folders.scratch),
        "FFMPEG_WORKER_SANDBOX_FIRST_UID": str(FIRST_UID),
        "FFPROBE_PATH": "none",
        **_LIMITS,
        **variables,
    }


def start_worker(environment: Mapping[str, str], log: Path, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a worker on a free port; return its process and its URL.

    Raises:
        RuntimeError: it did not start.
    """
    reading, writing = os.pipe()
    # The other end stays open as long as this program runs: the worker ends with it, however it ends.
    lifeline, _ = os.pipe()
    command = [sys.executable, "-m", "ffmpeg_worker", "serve", "--port", "0"]
    with log.open("a") as stream:
        process = subprocess.Popen(
            [*command, "--ready-fd", str(writing), "--lifeline-fd", str(lifeline)],
            cwd=folder,
            env=environment,
            pass_fds=[writing, lifeline],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
        )
    os.close(writing)
    os.close(lifeline)
    with os.fdopen(reading) as ready:
        line = ready.readline()
    if not line:
        process.wait()
        raise RuntimeError(f"the worker did not start:\n{log.read_text()[-3000:]}")
    return process, json.loads(line)["url"]


@contextmanager
def running_worker(folders: RunFolders, **variables: str) -> Iterator[Server]:
    """Run a worker with two keys; it is killed at the end unless it has been stopped."""
    stand_ins = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
    keys = {"FFMPEG_WORKER_API_KEYS": f"{HONEST_KEY},{HOSTILE_KEY}"}
    environment = worker_environment(folders, folders.data, **stand_ins, **keys, **variables)
    process, url = start_worker(environment, folders.log, folders.root)
    try:
        yield Server(url, folders.data.resolve(), folders.scratch.resolve(), folders.log, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def stop_worker(process: subprocess.Popen[str] | ForkedServer) -> str:
    """Ask a worker to end; return what is wrong with its end, or nothing."""
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return f"it had not ended {STOP_WITHIN_S:g} s after SIGTERM"
    return "" if status == 0 else f"it ended with status {status} after SIGTERM"
