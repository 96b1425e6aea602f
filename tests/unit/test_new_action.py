"""A new action is declared once: parser, routes, OpenAPI, RunPod and stores know it from its descriptor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.read_response import read_result
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.result_parts import Stats
from ffmpeg_worker.job.secrets import find_secrets
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.runpod_worker.request import read_request
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.remote_stores import RemoteStores
from ffmpeg_worker.storage.resolve_stores import StoreResolver
from support.jobs.toy_action import ToyJob, ToyResult, add_toy_action
from support.servers.asgi_client import post_json, request
from support.servers.fake_services import make_fake_services

DATA = {"name": "Ada"}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy_action(monkeypatch)


async def greet(job: Job, job_id: str) -> JobResult:
    assert isinstance(job, ToyJob)
    return ToyResult(job_id=job_id, outputs=(), stats=Stats(seconds=0.1), greeting=f"Hello {job.data.name}")


def test_it_is_parsed_in_both_spellings() -> None:
    job = parse_job({"action": "toy", "data": DATA, "timeout": 5})
    assert isinstance(job, ToyJob)
    assert job == parse_job({"path": "/toys/greet", "body": {**DATA, "timeout": 5}})
    assert job == parse_action("toy", {**DATA, "timeout": 5})


@pytest.mark.parametrize(
    ("job", "code", "hint"),
    [
        ({"action": "toys", "data": DATA}, "unknown_action", 'Did you mean "toy"?'),
        ({"action": "toy", "data": {"nmae": "Ada"}}, "unknown_field", 'Did you mean "name"?'),
        ({"path": "/toys/gret", "body": DATA}, "unknown_action", 'Did you mean "/toys/greet"?'),
    ],
)
def test_errors_suggest_its_names(job: Any, code: str, hint: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job(job)
    assert (caught.value.code, caught.value.hint) == (code, hint)


def test_its_secrets_are_known() -> None:
    assert list(find_secrets(parse_job({"action": "toy", "data": {**DATA, "password": "canary"}}))) == ["canary"]


async def test_it_has_a_route() -> None:
    app = make_app(make_fake_services(greet))
    reply = await post_json(app, "/api/toys/greet", DATA)
    assert (reply.status, reply.json()["greeting"]) == (200, "Hello Ada")
    unserved = await request(app, "POST", "/api/ffmpeg/encode")
    assert "/api/toys/greet" in unserved.json()["hint"]


def test_it_is_in_the_openapi_document() -> None:
    document = make_app(make_fake_services()).openapi()
    operation = document["paths"]["/api/toys/greet"]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    assert (operation["operationId"], operation["summary"]) == ("toy", "Greet somebody")
    assert body == {"schema": {"$ref": "#/components/schemas/ToyRequest"}, "example": DATA}
    schemas = document["components"]["schemas"]
    assert {"name", "inputs", "upload"} < schemas["ToyRequest"]["properties"].keys()
    assert "greeting" in schemas["ToyResult"]["properties"]
    assert "ToyData" not in schemas


def test_runpod_knows_it() -> None:
    asked = read_request({"id": "1", "input": {"action": "toy", "data": DATA}}, max_bytes=1000)
    assert (asked.action, asked.path, json.loads(asked.body)) == ("toy", "/toys/greet", DATA)
    assert read_result("toy", 200, b'{"greeting": "Hello"}') == {"greeting": "Hello"}
    with pytest.raises(ApiError):
        read_result("toy", 200, b'{"outputs": []}')


def test_its_outputs_go_where_it_says(tmp_path: Path) -> None:
    async def open_nothing() -> RemoteStores:
        raise AssertionError("nothing of another machine is needed here")

    bucket = Upload(bucket="media", key="jobs")
    stores = StoreResolver(LocalRoots(tmp_path, ()), open_nothing, bucket)
    assert stores.destination(parse_job({"action": "toy", "data": DATA}), "7") is None
    process = parse_job({"action": "process", "data": {"chainCmds": "-i a.mp4 b.mp4"}})
    assert stores.destination(process, "7") == bucket.model_copy(update={"key": "jobs/7/"})
