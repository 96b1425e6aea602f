"""The start page and the documentation, which load nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

from ffmpeg_worker.api.app import make_app
from support.servers.asgi_client import request
from support.servers.fake_services import make_fake_services

BROWSER = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]
KEY = "first-key"


async def test_programs_get_links_that_exist() -> None:
    app = make_app(make_fake_services())
    reply = await request(app, "GET", "/")
    about = reply.json()
    assert (reply.status, about["name"]) == (200, "FFmpeg Worker")
    assert about["version"]
    assert {"docs", "openapi", "health"} <= about["links"].keys()
    for path in about["links"].values():
        assert (await request(app, "GET", path)).status == 200, path


async def test_browsers_get_a_page_with_the_same_links() -> None:
    app = make_app(make_fake_services())
    page = await request(app, "GET", "/", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    links = re.findall(r'href="([^"]*)"', page.body.decode())
    assert {f"/{link}" for link in links} == set((await request(app, "GET", "/")).json()["links"].values())


async def test_without_a_key_the_start_page_tells_no_version() -> None:
    app = make_app(make_fake_services(api_keys=KEY))
    assert "version" not in (await request(app, "GET", "/")).json()
    assert "version" in (await request(app, "GET", "/", headers=[("x-api-key", "first-key")])).json()
    assert b"version" not in (await request(app, "GET", "/", headers=BROWSER)).body


async def test_the_documentation_needs_no_other_server() -> None:
    app = make_app(make_fake_services(api_keys=KEY))
    page = (await request(app, "GET", "/docs")).body.decode()
    named = re.findall(r'(?:src|href)="([^"]*)"|url: \'([^\']*)\'', page)
    addresses = [first or second for first, second in named]
    assert len(addresses) == 4
    for address in addresses:
        assert "//" not in address
        reply = await request(app, "GET", f"/{address}")
        assert (reply.status, len(reply.body) > 1000) == (200, True), address


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"])
async def test_production_has_no_documentation(path: str) -> None:
    app = make_app(make_fake_services(env="production"))
    assert (await request(app, "GET", path)).status == 404
    assert {"docs", "openapi"} & (await request(app, "GET", "/")).json()["links"].keys() == set()


@pytest.mark.parametrize("path", ["/docs/", "/docs/redoc.standalone.js", "/docs/..%2fapp.py", "/docs/../health"])
async def test_no_other_file_is_served(path: str) -> None:
    assert (await request(make_app(make_fake_services()), "GET", path)).status == 404
