"""What a server answers before its worker has started."""

from __future__ import annotations

from starlette.responses import Response

from ffmpeg_worker.api.starting_app import StartingApp
from support.servers.asgi_client import request


async def test_a_ping_has_no_content_and_all_else_is_unavailable_until_the_worker_has_started() -> None:
    app = StartingApp()
    ping, health = await request(app, "GET", "/ping"), await request(app, "GET", "/health")
    assert (ping.status, ping.body) == (204, b"")
    assert (health.status, health.json()["status"]) == (503, "starting")
    app.open(Response("started"))
    assert [(await request(app, "GET", path)).body for path in ("/ping", "/health")] == [b"started"] * 2
