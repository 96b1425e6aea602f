"""Host names that a worker without API keys serves."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.api.app import make_app
from support.servers.asgi_client import Reply, request
from support.servers.fake_services import make_fake_services


async def ask(*hosts: str, path: str = "/health", **settings: Any) -> Reply:
    app = make_app(make_fake_services(**{"api_keys": "", **settings}))
    return await request(app, "GET", path, headers=[("host", host) for host in hosts])


@pytest.mark.parametrize(
    "host",
    "localhost localhost:3000 LocalHost:80 localhost. my.localhost 127.0.0.1 127.0.0.1:3000 127.8.9.1 [::1] "
    "[::1]:3000 [::ffff:127.0.0.1]:3000".split(),
)
async def test_this_machine(host: str) -> None:
    assert (await ask(host)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        *"evil.test evil.test:3000 localhost.evil.test localhost:3000.evil.test 127.0.0.1.evil.test".split(),
        *"[::] 0.0.0.0 8.8.8.8 10.0.0.1:3000 [2606:4700::1] [::1 ::1 localhost:99999999".split(),
        "evillocalhost",
        "a@localhost",
        "",
        "localhost, evil.test",
        "loc\xe4lhost",
    ],
)
@pytest.mark.parametrize("path", ["/health", "/docs", "/metrics", "/api/ffmpeg/probe"])
async def test_other_hosts(host: str, path: str) -> None:
    reply = await ask(host, path=path)
    assert (reply.status, reply.json()["code"]) == (421, "host_not_allowed")
    assert "FFMPEG_WORKER_ALLOWED_HOSTS" in reply.json()["hint"]
    assert reply.json()["job_id"] == reply.headers["x-job-id"]


async def test_several_hosts_must_all_be_allowed() -> None:
    assert (await ask("localhost", "evil.test")).status == 421


@pytest.mark.parametrize(
    "host", ["media.test", "Media.TEST.:443", "second.test:8000", "api.test:3000", "cdn.test"]
)
async def test_hosts_that_the_operator_allows(host: str) -> None:
    settings = {"allowed_hosts": "media.test, Second.test:8000", "api_base_url": "https://api.test/api"}
    settings["public_url"] = "https://cdn.test/media"
    assert (await ask(host, **settings)).status == 200
    assert (await ask("evil.test", **settings)).status == 421
    assert (await ask(host)).status == 421


async def test_with_api_keys_every_host_is_served() -> None:
    assert (await ask("media.test", api_keys="key")).status == 200
