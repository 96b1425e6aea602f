"""The start page, the files of the dashboard and the documentation, which load nothing from elsewhere."""

from __future__ import annotations

import gzip
import re

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.dashboard_files import DASHBOARD_PATHS
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


async def test_browsers_get_the_dashboard() -> None:
    app = make_app(make_fake_services(api_keys=KEY))
    page = await request(app, "GET", "/", headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<title>FFmpeg Worker</title>" in page.body
    for address in re.findall(r'(?:href|src)="(dashboard/[^"]*)"', page.body.decode()):
        assert (await request(app, "GET", f"/{address}")).status == 200, address


async def test_modules_of_the_dashboard_exist() -> None:
    app = make_app(make_fake_services())
    for path, name in DASHBOARD_PATHS.items():
        reply = await request(app, "GET", path)
        assert reply.status == 200
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        if name.endswith(".js") and "/" not in name:
            imported = re.findall(r'(?:from|import\()\s*"\./([^"]*)"', reply.body.decode())
            assert {f"/dashboard/{one}" for one in imported} <= DASHBOARD_PATHS.keys(), name


async def test_files_of_the_dashboard_are_compressed_and_kept_by_browsers() -> None:
    app, path = make_app(make_fake_services()), "/dashboard/app.js"
    plain = await request(app, "GET", path)
    packed = await request(app, "GET", path, headers=[("accept-encoding", "gzip, br")])
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] != plain.headers["etag"]
    kept = [("accept-encoding", "gzip"), ("if-none-match", packed.headers["etag"])]
    assert (await request(app, "GET", path, headers=kept)).status == 304
    assert (await request(app, "GET", path, headers=[("if-none-match", packed.headers["etag"])])).status == 200


async def test_without_a_key_the_start_page_tells_no_version() -> None:
    app = make_app(make_fake_services(api_keys=KEY))
    assert "version" not in (await request(app, "GET", "/")).json()
    assert "version" in (await request(app, "GET", "/", headers=[("x-api-key", "first-key")])).json()


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


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/index.html",
        "/dashboard/..%2fapp.py",
        "/docs/",
        "/docs/redoc.standalone.js",
        "/docs/..%2fapp.py",
        "/docs/../health",
    ],
)
async def test_no_other_file_is_served(path: str) -> None:
    assert (await request(make_app(make_fake_services()), "GET", path)).status == 404
