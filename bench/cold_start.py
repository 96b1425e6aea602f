"""Time from the start of the RunPod worker until it is ready: SDK imported, API up, first poll for a job sent."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.table import median, ms, percentile, table

_HANDLER = Path(__file__).parent.parent / "runpod" / "handler.py"
_TIMEOUT_S = 60.0


def measure(*, quick: bool) -> str:
    """Measure the milliseconds from the start of the worker to its first poll, and of an empty program."""
    worker, python = [], []
    for _ in range(2 if quick else 9):
        worker.append(_start_worker())
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", ""], check=True)
        python.append(time.perf_counter() - began)
    rows = [
        ["empty Python program", ms(median(python)), ms(percentile(python, 0.95))],
        ["RunPod worker, start to first poll", ms(median(worker)), ms(percentile(worker, 0.95))],
    ]
    return table("Cold start", ["program", "p50 ms", "p95 ms"], rows, ["Aim: ready in under 1000 ms."])


class _Platform(http.server.BaseHTTPRequestHandler):
    """Records the first poll and keeps every poll open."""

    polled = threading.Event()
    closing = threading.Event()

    def do_GET(self) -> None:
        if "job-take" in self.path:
            _Platform.polled.set()
        _Platform.closing.wait(_TIMEOUT_S)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _start_worker() -> float:
    _Platform.polled.clear()
    _Platform.closing.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Platform)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, str(_HANDLER)],
            env=_environment(server.server_address[1], root),
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as worker:
            assert _Platform.polled.wait(_TIMEOUT_S), "the worker did not poll for a job"
            seconds = time.perf_counter() - began
            _Platform.closing.set()
            os.killpg(worker.pid, 9)
        server.shutdown()
        server.server_close()
    return seconds


def _environment(port: int, root: str) -> dict[str, str]:
    base = f"http://127.0.0.1:{port}/v2/endpoint"
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": root,
        "FS_PATH": f"{root}/data",
        "FFMPEG_WORKER_SCRATCH_ROOT": f"{root}/scratch",
        "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=none",
        "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
        "RUNPOD_WEBHOOK_POST_STREAM": f"{base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=none",
        "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID?gpu=none",
        "RUNPOD_AI_API_KEY": "key",
        "RUNPOD_POD_ID": "worker",
        "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        "RUNPOD_SKIP_GPU_CHECK": "true",
    }
