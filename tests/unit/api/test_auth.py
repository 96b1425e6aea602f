"""API keys: which requests are accepted."""

from __future__ import annotations

import pytest

from ffmpeg_worker.api.app import make_app
from support.servers.asgi_client import Reply, post_json, request
from support.servers.fake_services import make_fake_services

KEYS = "first-key,zweiter-schlüssel"
JOB = {"chainCmds": "-i a.mp4 b.mp4"}


async def post(*headers: tuple[str | bytes, str | bytes], keys: str = KEYS) -> Reply:
    app = make_app(make_fake_services(api_keys=keys))
    return await post_json(app, "/api/ffmpeg/process", JOB, headers=headers)


async def test_without_keys_everybody_is_let_in() -> None:
    assert (await post(keys="")).status == 200
    assert (await post(("authorization", "Bearer whatever"), keys="")).status == 200


@pytest.mark.parametrize(
    "value",
    ["Bearer first-key", "bearer first-key", "Bearer  first-key", "Bearer zweiter-schlüssel".encode()],
)
async def test_each_of_the_keys_is_accepted(value: str | bytes) -> None:
    assert (await post(("authorization", value))).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("authorization", "Bearer third-key")],
        [("authorization", "Bearer first-key,zweiter-schlüssel".encode())],
        [("authorization", "Basic first-key")],
        [("authorization", "first-key")],
        [("authorization", b"Bearer \xff\xfe\x80")],
        [("authorization", b"B\xe9arer first-key")],
        [("authorization", "Bearer first-key"), ("authorization", "Bearer first-key")],
    ],
)
async def test_all_others_get_one_and_the_same_answer(headers: list[tuple[str | bytes, str | bytes]]) -> None:
    reply = await post(*headers)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    problem = reply.json()
    assert problem.pop("job_id") == reply.headers["x-job-id"]
    assert problem == {
        "error": "This worker needs an API key.",
        "code": "unauthorized",
        "fault": "caller",
        "retryable": False,
        "hint": "Send the header Authorization: Bearer <key>.",
    }


@pytest.mark.parametrize("path", ["/metrics", "/nowhere", "/api/jobs", "/v2/x/run"])
async def test_a_key_is_asked_for_before_anything_is_told(path: str) -> None:
    reply = await request(make_app(make_fake_services(api_keys=KEYS)), "GET", path)
    assert reply.status == 401


async def test_health_says_less_without_a_key() -> None:
    app = make_app(make_fake_services(api_keys=KEYS))
    assert (await request(app, "GET", "/health")).json() == {"status": "ok"}
    detailed = await request(app, "GET", "/health", headers=[("authorization", "Bearer first-key")])
    assert detailed.json()["ffmpeg"]["version"] == "9.9"
