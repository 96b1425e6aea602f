"""CORS: pages of named origins, of all, and of others."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import Settings
from support.servers.asgi_client import Reply, request
from support.servers.fake_services import make_fake_services

ORIGIN = "https://app.example"
PREFLIGHT = [("access-control-request-method", "PUT"), ("access-control-request-private-network", "true")]


async def send(method: str, origin: str, *more: tuple[str, str], origins: tuple[str, ...] = (ORIGIN,)) -> Reply:
    app = make_app(make_fake_services(cors_origins=origins, api_keys=(SecretStr("k"),)))
    return await request(app, method, "/api/files", headers=[("origin", origin), *more])


async def test_an_allowed_page_may_read_answers_and_errors() -> None:
    reply = await send("GET", ORIGIN)
    assert reply.status == 401
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Job-Id" in reply.headers["access-control-expose-headers"]
    assert reply.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in reply.headers


async def test_a_preflight_needs_no_key() -> None:
    reply = await send("OPTIONS", ORIGIN, *PREFLIGHT)
    assert reply.status == 204
    assert "PUT" in reply.headers["access-control-allow-methods"]
    assert {"X-API-Key", "Content-Range"} <= set(reply.headers["access-control-allow-headers"].split(", "))
    assert reply.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"]
)
async def test_other_pages_get_no_header(origin: str) -> None:
    for method, headers in (("GET", []), ("OPTIONS", PREFLIGHT)):
        reply = await send(method, origin, *headers)
        assert not [name for name in reply.headers if name.startswith("access-control")]


async def test_all_pages() -> None:
    reply = await send("GET", "https://any.example", origins=("*",))
    assert reply.headers["access-control-allow-origin"] == "https://any.example"


async def test_it_is_off_by_default() -> None:
    reply = await send("OPTIONS", ORIGIN, *PREFLIGHT, origins=())
    assert reply.status == 401
    assert "access-control-allow-origin" not in reply.headers


def test_all_pages_need_a_key() -> None:
    with pytest.raises(Misconfigured, match="every web page"):
        Settings(cors_origins=("*",)).check_exposure()
    Settings(cors_origins=("*",), api_keys=(SecretStr("k"),)).check_exposure()


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "https://a@app.example", "*.example"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(cors_origins=(origin,))
