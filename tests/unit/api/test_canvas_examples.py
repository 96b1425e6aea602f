"""The example compositions over HTTP."""

from __future__ import annotations

import json

from ffmpeg_worker.api.app import make_app
from support.docs.json_examples import ROOT
from support.servers.asgi_client import request
from support.servers.fake_services import make_fake_services

FOLDER = ROOT / "examples" / "canvas"


async def test_every_example_is_listed_and_served_as_it_was_written() -> None:
    app = make_app(make_fake_services())
    listed = (await request(app, "GET", "/api/canvas/examples")).json()["compositions"]
    assert {one["name"] for one in listed} == {path.stem for path in FOLDER.glob("*.json")}
    assert listed[0]["files"] == []
    assert next(one for one in listed if one["name"] == "lower-third")["files"] == ["media/hills.mp4"]
    for one in listed:
        reply = await request(app, "GET", f"/api/canvas/examples/{one['name']}")
        assert reply.body == (FOLDER / f"{one['name']}.json").read_bytes()
        assert json.loads(reply.body)["layers"]


async def test_the_nearest_example_is_named() -> None:
    app = make_app(make_fake_services())
    for name in ("gradient-titel", "..%2fREADME"):
        reply = await request(app, "GET", f"/api/canvas/examples/{name}")
        assert (reply.status, reply.json()["code"]) == (404, "example_not_found")
    reply = await request(app, "GET", "/api/canvas/examples/gradient-titel")
    assert reply.json()["hint"] == 'Did you mean "gradient-title"?'
