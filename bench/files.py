"""Sending and fetching a large file over HTTP, against nginx with WebDAV on the same machine.

`BENCH_MEGABYTES` sets the size of the file; `BENCH_AGAINST` names the `src` folder of another tree,
which is measured too. The servers write to the same disk, and take turns, so that all see the same load. curl is
the client.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from bench.api_server import running_server
from bench.table import median, table

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
_OWN = Path(__file__).parents[1] / "src"
_NGINX_NAME = "nginx"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class _Server:
    """A server whose files are below `base`, and what its transfers have taken."""

    base: str
    pid: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peak_mib: int = 0


def measure(*, quick: bool) -> str:
    """Measure the rates of nginx and the worker, their processor time and their memory."""
    megabytes = int(os.environ.get("BENCH_MEGABYTES", "64" if quick else "1024"))
    rounds = 1 if quick else 5
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-")))
        source = root / "source.bin"
        source.write_bytes(os.urandom(1 << 20) * megabytes)
        servers = {_NGINX_NAME: stack.enter_context(_nginx(root / "nginx"))}
        trees = {"worker": _OWN}
        if against := os.environ.get("BENCH_AGAINST"):
            trees = {"the other": Path(against), **trees}
        for name, path in trees.items():
            api = stack.enter_context(running_server(PYTHONPATH=str(path), FFMPEG_WORKER_LOG_LEVEL="WARNING"))
            servers[name] = _Server(f"{api.url}/api/files", api.pid)
        for number in range(rounds):
            for server in [*servers.values()][:: 1 if number % 2 else -1]:
                for what in ("upload", "download"):
                    _transfer(what, server, source)
    return _show(servers, megabytes, rounds)


def _show(servers: dict[str, _Server], megabytes: int, rounds: int) -> str:
    rows: list[list[str]] = []
    nginx = servers[_NGINX_NAME]
    for what in ("upload", "download"):
        for name, server in servers.items():
            pairs = zip(nginx.seconds[what], server.seconds[what], strict=True)
            ratio = median([theirs / ours for theirs, ours in pairs])
            rate = megabytes / median(server.seconds[what])
            cpu = median(server.cpu_s[what])
            rows.append([f"{what}, {name}", f"{rate:.0f}", f"{ratio:.2f}", f"{cpu:.2f}", str(server.peak_mib)])
    head = ["one file", "MiB/s", "rate / nginx", "CPU s of the server", "peak MiB"]
    notes = [f"{megabytes} MiB, {rounds} rounds. Aim: at least 0.7 of the rate of nginx, and flat memory."]
    return table("Files over HTTP", head, rows, notes)


def _transfer(what: str, server: _Server, source: Path) -> None:
    url = f"{server.base}/f.bin"
    if what == "upload":
        command = ["curl", "-sSf", "-o", os.devnull, "-T", str(source), "-H", "Expect:", url]
    else:
        command = ["curl", "-sSf", "-o", os.devnull, url]
    cpu_s = _cpu_seconds(server.pid)
    began = time.perf_counter()
    with _watch_memory(server):
        subprocess.run(command, check=True)
        server.seconds[what].append(time.perf_counter() - began)
    server.cpu_s[what].append(_cpu_seconds(server.pid) - cpu_s)


@contextmanager
def _watch_memory(server: _Server) -> Iterator[None]:
    """Note the largest resident size of a server during the block."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            server.peak_mib = max(server.peak_mib, _resident(server.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS"))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@contextmanager
def _nginx(root: Path) -> Iterator[_Server]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise SystemExit("nginx is missing: apt-get install nginx-light")
    (root / "www").mkdir(parents=True)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    (root / "nginx.conf").write_text(_NGINX.format(root=root, port=port))
    with subprocess.Popen([program, "-c", str(root / "nginx.conf"), "-p", str(root)]) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield _Server(f"http://127.0.0.1:{port}", int(children[0]))
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(url):
                return
        except HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")
