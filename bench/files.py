"""Sending and fetching a large file over HTTP, against nginx with WebDAV on the same machine.

    python bench/files.py [--megabytes 1024] [--rounds 5]

Both servers write to the same disk, and take turns, so that both see the same load. curl is the client.
The memory is the largest resident size of the server's process meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

_NGINX = """
daemon off; pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {root}/body;
  proxy_temp_path {root}/p; fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  server {{
    listen 127.0.0.1:{port}; root {root}/www;
    location / {{ dav_methods PUT DELETE; create_full_put_path on; }}
  }}
}}
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = root / "source.bin"
        with source.open("wb") as file:
            for _ in range(asked.megabytes):
                file.write(os.urandom(1 << 20))
        with _nginx(root / "nginx") as nginx, _worker(root / "worker") as worker:
            _compare({"nginx": nginx, "worker": worker}, source, asked.rounds)


def _compare(servers: dict[str, tuple[str, int]], source: Path, rounds: int) -> None:
    seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    memory: defaultdict[str, int] = defaultdict(int)
    for _ in range(rounds):
        for what in ("upload", "download"):
            for name, (base, pid) in servers.items():
                with _watch_memory(pid) as peak:
                    seconds[name, what].append(_transfer(what, f"{base}/f.bin", source))
                memory[name] = max(memory[name], *peak)
    size = source.stat().st_size / 1e6
    print(f"{'':10}{'nginx MB/s':>12}{'worker MB/s':>13}{'ratio':>8}")
    for what in ("upload", "download"):
        rates = {name: size / statistics.median(seconds[name, what]) for name in servers}
        ratio = statistics.median(
            ours and theirs / ours
            for theirs, ours in zip(seconds["nginx", what], seconds["worker", what], strict=True)
        )
        print(f"{what:10}{rates['nginx']:12.0f}{rates['worker']:13.0f}{ratio:8.2f}")
    print(f"{'peak MiB':10}{memory['nginx']:12}{memory['worker']:13}")


def _transfer(what: str, url: str, source: Path) -> float:
    if what == "upload":
        command = ["curl", "-sSf", "-o", os.devnull, "-T", str(source), "-H", "Expect:", url]
    else:
        command = ["curl", "-sSf", "-o", os.devnull, url]
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


@contextmanager
def _watch_memory(pid: int) -> Iterator[list[int]]:
    """Yield a list of the resident MiB of a process, which grows until the end of the block."""
    seen, done = [_resident(pid)], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            seen.append(_resident(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS"))


@contextmanager
def _nginx(root: Path) -> Iterator[tuple[str, int]]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise SystemExit("nginx is missing: apt-get install nginx-light")
    (root / "www").mkdir(parents=True)
    port = _free_port()
    (root / "nginx.conf").write_text(_NGINX.format(root=root, port=port))
    with subprocess.Popen([program, "-c", str(root / "nginx.conf"), "-p", str(root)]) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield f"http://127.0.0.1:{port}", int(children[0])
        finally:
            process.terminate()


@contextmanager
def _worker(root: Path) -> Iterator[tuple[str, int]]:
    root.mkdir()
    port = _free_port()
    variables = {
        "PORT": str(port),
        "FS_PATH": str(root / "data"),
        "FFMPEG_WORKER_SCRATCH_ROOT": str(root / "scratch"),
    }
    command = [sys.executable, "-m", "ffmpeg_worker", "serve"]
    with subprocess.Popen(command, cwd=root, env=os.environ | variables, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/api/files", process.pid
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(url):
                return
        except OSError as error:
            if getattr(error, "code", 503) != 503:
                return
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
