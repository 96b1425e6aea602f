"""No renderer outlives the client or the server while a composition renders."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.jobs.canvas_files import SHAPE, composition
from support.processes import alive, renderers
from support.servers.api_server import Server, running_server
from support.wait_until import until

ENDS_WITHIN_S = 15.0
LONG = composition({**SHAPE, "rotation": [{"time": 0, "value": 0}, {"time": 600, "value": 9}]}, duration=600)


@contextmanager
def _rendering(server: Server) -> Iterator[tuple[http.client.HTTPConnection, list[int]]]:
    """Start a long render; yield its connection and the pids of its processes."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as connection:
        yield from _started(server, connection)


def _started(
    server: Server, connection: http.client.HTTPConnection
) -> Iterator[tuple[http.client.HTTPConnection, list[int]]]:
    body = json.dumps({"json": {**LONG, "width": 1280, "height": 720}})
    connection.request("POST", "/api/canvas/process", body, {"Content-Type": "application/json"})
    until(lambda: len(renderers(server.pid)[1]) > 0 and len(server.engines()) > 1, within_s=30)
    parent, rendering = renderers(server.pid)
    assert parent is not None
    yield connection, [parent, *rendering, *server.engines()]


def test_a_client_that_disconnects(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, _rendering(server) as (connection, pids):
        connection.close()
        until(server.is_idle, within_s=ENDS_WITHIN_S)
        assert [pid for pid in pids[1:] if alive(pid)] == []
        assert [line["outcome"] for line in server.log_lines("job ended")] == ["cancelled"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_server_that_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path) as server, _rendering(server) as (_, pids):
        server.stop(number)
        until(lambda: not any(map(alive, pids)), within_s=ENDS_WITHIN_S)
        if number != signal.SIGKILL:
            assert server.job_folders() == []
