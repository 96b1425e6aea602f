"""API keys: which requests are accepted."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.auth import LINKS, OpenRequests
from ffmpeg_worker.errors import KeyLimitReached
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.owners import ANONYMOUS, label_key
from support.servers.asgi_client import Reply, post_json, request
from support.servers.fake_services import make_fake_services, succeed

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
        [("x-api-key", "first-key")],
        [("x-api-key", "zweiter-schlüssel".encode())],
        [("X-API-Key", " first-key ")],
        [("x-api-key", "first-key"), ("authorization", "Bearer first-key")],
    ],
)
async def test_a_key_may_have_its_own_header(headers: list[tuple[str | bytes, str | bytes]]) -> None:
    assert (await post(*headers)).status == 200


NO_KEY = "This worker needs an API key."
WRONG_KEY = "This worker does not accept that API key."
UNUSABLE_KEY = "The request has no usable API key, or several different ones."


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([], NO_KEY),
        ([("cookie", "first-key")], NO_KEY),
        ([("authorization", "")], UNUSABLE_KEY),
        ([("authorization", "Bearer")], UNUSABLE_KEY),
        ([("authorization", "Bearer ")], UNUSABLE_KEY),
        ([("x-api-key", "")], UNUSABLE_KEY),
        ([("authorization", "Bearer third-key")], WRONG_KEY),
        ([("x-api-key", "third-key")], WRONG_KEY),
        ([("authorization", "Bearer first-key,zweiter-schlüssel".encode())], WRONG_KEY),
        ([("authorization", "Basic first-key")], UNUSABLE_KEY),
        ([("authorization", "first-key")], UNUSABLE_KEY),
        ([("authorization", b"Bearer \xff\xfe\x80")], WRONG_KEY),
        ([("authorization", b"B\xe9arer first-key")], UNUSABLE_KEY),
        ([("authorization", "Bearer first-key"), ("authorization", "Bearer first-key")], UNUSABLE_KEY),
        ([("authorization", "Bearer first-key"), ("x-api-key", "third-key")], WRONG_KEY),
        ([("x-api-key", "first-key"), ("x-api-key", "first-key")], UNUSABLE_KEY),
    ],
)
async def test_a_refusal_tells_a_missing_key_from_a_wrong_one(
    headers: list[tuple[str | bytes, str | bytes]], message: str
) -> None:
    reply = await post(*headers)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    problem = reply.json()
    assert problem.pop("job_id") == reply.headers["x-job-id"]
    assert "API key" in problem.pop("hint") or message == WRONG_KEY
    assert problem == {"error": message, "code": "unauthorized", "fault": "caller", "retryable": False}


@pytest.mark.parametrize("path", ["/metrics", "/nowhere", "/api/jobs", "/v2/x/run"])
async def test_a_key_is_asked_for_before_anything_is_told(path: str) -> None:
    reply = await request(make_app(make_fake_services(api_keys=KEYS)), "GET", path)
    assert reply.status == 401


async def test_health_says_less_without_a_key() -> None:
    app = make_app(make_fake_services(api_keys=KEYS))
    assert (await request(app, "GET", "/health")).json() == {"status": "ok"}
    detailed = await request(app, "GET", "/health", headers=[("authorization", "Bearer first-key")])
    assert detailed.json()["ffmpeg"]["version"] == "9.9"


async def test_a_job_belongs_to_the_key_it_came_with() -> None:
    services = make_fake_services(api_keys=KEYS)
    app = make_app(services)
    for value in ("Bearer first-key", "Bearer zweiter-schlüssel".encode(), "bearer first-key"):
        await post_json(app, "/api/ffmpeg/process", JOB, headers=[("authorization", value)])
    first, second = label_key("first-key"), label_key("zweiter-schlüssel")
    assert services.owners == [first, second, first]


async def test_without_keys_all_jobs_belong_to_one_owner() -> None:
    services = make_fake_services()
    await post_json(make_app(services), "/api/ffmpeg/process", JOB, headers=[("authorization", "Bearer x")])
    assert services.owners == [ANONYMOUS]


async def test_open_requests_of_a_key_are_limited_and_those_of_others_are_not() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def run(job: Job, job_id: str) -> JobResult:
        began.set()
        await go_on.wait()
        return await succeed(job, job_id)

    app = make_app(make_fake_services(run, api_keys=KEYS, max_requests_per_key=1))
    first = [("authorization", "Bearer first-key")]
    running = asyncio.ensure_future(post_json(app, "/api/ffmpeg/process", JOB, headers=first))
    await began.wait()
    refused = await post_json(app, "/api/ffmpeg/process", JOB, headers=first)
    assert (refused.status, refused.json()["code"]) == (429, "key_requests_full")
    assert (refused.json()["fault"], refused.json()["retryable"]) == ("caller", True)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["connection"] == "close"
    assert (await request(app, "GET", "/health", headers=first)).status == 200
    second = [("authorization", "Bearer zweiter-schlüssel".encode())]
    other = asyncio.ensure_future(post_json(app, "/api/ffmpeg/process", JOB, headers=second))
    go_on.set()
    assert [(await reply).status for reply in (running, other)] == [200, 200]
    assert (await post_json(app, "/api/ffmpeg/process", JOB, headers=first)).status == 200


async def test_a_link_that_nobody_has_signed_stands_for_no_key() -> None:
    app = make_app(make_fake_services(api_keys=KEYS))
    path = f"/api/jobs/0b6f/outputs/~{'9' * 10}.x.{'0' * 64}/a.mp4"
    for method, code in (("GET", "link_invalid"), ("HEAD", "link_invalid"), ("POST", "unauthorized")):
        reply = await request(app, method, path)
        assert reply.json()["code"] == code
        assert reply.status == {"link_invalid": 403, "unauthorized": 401}[code]


def test_the_limit_of_a_key_is_none_of_links() -> None:
    requests = OpenRequests(10, max_per_key=1, has_several_keys=True)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(requests.admit(LINKS))
        with pytest.raises(KeyLimitReached):
            stack.enter_context(requests.admit(LINKS))  # the others must have places too
        stack.enter_context(requests.admit("a"))


@pytest.mark.parametrize(("has_several_keys", "admitted"), [(True, 5), (False, 30)])
def test_with_several_keys_none_has_more_requests_than_it_leaves_free(
    has_several_keys: bool, admitted: int
) -> None:
    requests = OpenRequests(10, has_several_keys=has_several_keys)
    with ExitStack() as stack:
        for _ in range(admitted):
            stack.enter_context(requests.admit("a"))
        if has_several_keys:
            with pytest.raises(KeyLimitReached), requests.admit("a"):
                raise AssertionError
            stack.enter_context(requests.admit("b"))
    assert requests.by_owner == {}
