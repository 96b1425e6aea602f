"""The routes of presets."""

from __future__ import annotations

import jsonschema_rs
import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.planning.presets.table import PRESETS
from support.servers.asgi_client import request
from support.servers.fake_services import make_fake_services


async def test_every_preset_is_listed_with_the_schema_of_its_parameters() -> None:
    app = make_app(make_fake_services())
    reply = await request(app, "GET", "/api/presets")
    entries = reply.json()["presets"]
    assert reply.status == 200
    assert [entry["name"] for entry in entries] == list(PRESETS)
    for entry in entries:
        validator = jsonschema_rs.validator_for(entry["parameters"])
        assert validator.is_valid(dict(PRESETS[entry["name"]].example))
        assert not validator.is_valid({"no_such_parameter": 1})


async def test_one_preset_is_shown() -> None:
    app = make_app(make_fake_services())
    gif = (await request(app, "GET", "/api/presets/gif")).json()
    assert gif["name"] == "gif"
    assert gif["parameters"]["properties"]["width"]["maximum"] == 4096
    assert gif["inputs"] == [
        {"name": "video", "kind": "video", "description": "The video.", "at_least": 1, "at_most": 1}
    ]


async def test_a_name_without_preset_is_not_found() -> None:
    reply = await request(make_app(make_fake_services()), "GET", "/api/presets/gfi")
    assert (reply.status, reply.json()["code"]) == (404, "preset_not_found")
    assert reply.json()["hint"] == 'Did you mean "gif"?'


@pytest.mark.parametrize("path", ["/api/presets", "/api/presets/gif"])
async def test_a_key_is_needed(path: str) -> None:
    app = make_app(make_fake_services(api_keys="first-key"))
    assert (await request(app, "GET", path)).status == 401
    assert (await request(app, "GET", path, headers=[("x-api-key", "first-key")])).status == 200
