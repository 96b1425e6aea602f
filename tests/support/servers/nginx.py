"""nginx in front of a server, with a configuration from the documentation."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.wait_until import until

_FRAME = """
daemon off; pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  {servers}
}}
"""


def find_nginx() -> str:
    """Return the path of the program; skip the test where it is missing."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip("not installed: nginx")
    return found


@contextmanager
def running_nginx(folder: Path, upstream: str, *blocks: str) -> Iterator[list[str]]:
    """Run nginx with `server` blocks that have other addresses and certificates; yield the address of each."""
    program = find_nginx()
    ports = [_find_free_port() for _ in blocks]
    servers = [_adapt(block, port, upstream) for block, port in zip(blocks, ports, strict=True)]
    configuration = folder / "nginx.conf"
    configuration.write_text(_FRAME.format(root=folder, servers="\n".join(servers)), encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        until((folder / "nginx.pid").exists)
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        process.terminate()
        process.wait(30)


def _adapt(block: str, port: int, upstream: str) -> str:
    plain = re.sub(r"^ *ssl_certificate.*\n", "", block, flags=re.MULTILINE)
    local = plain.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    adapted = local.replace("http://127.0.0.1:3000", upstream)
    assert str(port) in adapted
    assert upstream in adapted
    return adapted


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
