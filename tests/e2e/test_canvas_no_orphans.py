"""A server in the middle of a composition: whoever goes, no renderer stays."""

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

GONE_WITHIN_S = 15.0
LONG = composition({**SHAPE, "rotation": [{"time": 0, "value": 0}, {"time": 600, "value": 9}]}, duration=600)


@contextmanager
def _drawing(server: Server) -> Iterator[tuple[http.client.HTTPConnection, list[int]]]:
    """A caller whose composition is being drawn; everything that works for it."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as connection:
        yield from _started(server, connection)


def _started(
    server: Server, connection: http.client.HTTPConnection
) -> Iterator[tuple[http.client.HTTPConnection, list[int]]]:
    body = json.dumps({"json": {**LONG, "width": 1280, "height": 720}})
    connection.request("POST", "/api/canvas/process", body, {"Content-Type": "application/json"})
    until(lambda: len(renderers(server.pid)[1]) > 0 and len(server.engines()) > 1, within_s=30)
    mother, drawing = renderers(server.pid)
    assert mother is not None
    yield connection, [mother, *drawing, *server.engines()]


def test_a_caller_who_hangs_up(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, _drawing(server) as (connection, working):
        connection.close()
        until(server.is_idle, within_s=GONE_WITHIN_S)
        assert [pid for pid in working[1:] if alive(pid)] == []
        assert [line["outcome"] for line in server.log_lines("job ended")] == ["cancelled"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_server_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path) as server, _drawing(server) as (_, working):
        server.stop(number)
        until(lambda: not any(map(alive, working)), within_s=GONE_WITHIN_S)
        if number != signal.SIGKILL:
            assert server.job_folders() == []
