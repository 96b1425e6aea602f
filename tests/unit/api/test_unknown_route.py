"""Routes and options that this version does not have."""

from __future__ import annotations

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import UnsupportedFeature
from support.servers.asgi_client import Reply, request
from support.servers.fake_services import make_fake_services


async def get(method: str, path: str) -> Reply:
    return await request(make_app(make_fake_services()), method, path)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/api/ffmpeg/proces", "/api/ffmpeg/process"),
        ("/api/ffmpeg/process/", "/api/ffmpeg/process"),
        ("/ffmpeg/process", "/api/ffmpeg/process"),
        ("/api/FFmpeg/Probe", "/api/ffmpeg/probe"),
        ("/api/ffmpeg/multiprocess", "/api/ffmpeg/multi_process"),
        ("/healthz", "/health"),
        ("/v1/api/ffmpeg/process", "/api/ffmpeg/process"),
    ],
)
async def test_an_unknown_route_names_the_nearest(path: str, nearest: str) -> None:
    reply = await get("POST", path)
    assert (reply.status, reply.json()["code"]) == (404, "unknown_route")
    assert path in reply.json()["error"]
    assert reply.json()["hint"] == f'Did you mean "{nearest}"?'


async def test_a_path_that_resembles_no_route_names_all() -> None:
    reply = await get("GET", "/wp-admin")
    for path in ("/api/ffmpeg/process", "/api/ffmpeg/vmaf", "/health", "/metrics"):
        assert path in reply.json()["hint"]


async def test_a_long_path_is_shortened() -> None:
    assert len((await get("GET", "/" + "x" * 10_000)).body) < 1000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/ffmpeg/encode"),
    ],
)
async def test_routes_of_a_later_version_are_unsupported(method: str, path: str) -> None:
    reply = await get(method, path)
    assert (reply.status, reply.json()["code"]) == (501, UnsupportedFeature.code)
    assert "/api/ffmpeg/process" in reply.json()["hint"]
