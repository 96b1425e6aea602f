"""Plans of jobs over HTTP: what they tell without doing anything, and what they never show."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.planning.planner import ReadJob
from support.servers.asgi_client import Reply, post_json
from support.servers.fake_services import FakeServices, make_fake_services

SIGNED = "https://user:password@media.example/film.mp4?signature=abcdefgh"


class _Planning(FakeServices):
    """Services that read jobs as the real ones do."""

    async def read(self, body: JobBody, *, owner: str = ANONYMOUS) -> ReadJob[Any]:
        return await self.resources.compute.read(body, self.resources.machine, owner=owner)


@pytest.fixture
async def app() -> AsyncIterator[Any]:
    services = make_fake_services()
    services.__class__ = _Planning
    compute = Compute()
    known = {**vars(services.resources), "compute": compute, "machine": Machine(cores=2)}
    services.resources = cast(WorkerResources, SimpleNamespace(**known))
    yield make_app(services)
    await compute.close()


async def plan(app: Any, action: str, data: Any, **more: Any) -> Any:
    reply = await send(app, {"action": action, "data": data, **more})
    assert reply.status == 200, reply.body
    return reply.json()


async def send(app: Any, job: Any) -> Reply:
    return await post_json(app, "/api/plan", job)


async def test_a_plan_names_inputs_commands_and_outputs(app: Any) -> None:
    found = await plan(app, "process", {"chainCmds": "-i film.mp4 -crf 26 a.mp4 && ffmpeg -i a.mp4 b.gif"})
    assert found["complete"] is True
    assert found["inputs"] == [{"name": "film.mp4", "source": "film.mp4", "is_media": True}]
    (process,) = found["processes"]
    assert process["steps"] == [
        {"kind": "ffmpeg", "command": "ffmpeg -i film.mp4 -crf 26 a.mp4"},
        {"kind": "ffmpeg", "command": "ffmpeg -i a.mp4 b.gif"},
    ]
    assert process["outputs"] == ["b.gif"]


async def test_a_plan_shows_no_secret(app: Any) -> None:
    command = f"-i {{{{in_1}}}} -i {SIGNED} -headers 'X-Key: hidden-value' a.mp4"
    reply = await send(app, {"action": "process", "inputs": [SIGNED], "data": {"chainCmds": command}})
    for secret in ("password", "abcdefgh", "hidden-value"):
        assert secret not in reply.body.decode()
    upload = {
        "bucket": "b",
        "credentials": {"aws_access_key_id": "a", "aws_secret_access_key": "key-of-the-store"},
    }
    command = "-i a.mp4 -metadata comment=key-of-the-store key-of-the-store.mp4"
    reply = await send(app, {"action": "process", "upload": upload, "data": {"chainCmds": command}})
    assert (reply.status, b"key-of-the-store" in reply.body) == (200, False)
    wanted = await plan(app, "process", {"chainCmds": "-i {{in_1}} a.mp4"}, inputs=[SIGNED])
    assert wanted["inputs"][0]["source"] == "https://media.example/film.mp4"


async def test_processes_that_share_an_input_are_named(app: Any) -> None:
    processes = [{"chainCmds": f"-i film.mp4 -vf scale=-2:{size} {size}.mp4"} for size in (240, 480)]
    found = await plan(app, "multi_process", {"processes": processes})
    assert [process["outputs"] for process in found["processes"]] == [["240.mp4"], ["480.mp4"]]
    assert found["shared_decoding"] == [[0, 1]]


async def test_commands_that_depend_on_media_are_left_out(app: Any) -> None:
    processes = [{"preset": "gif", "input": "a.mp4"}, {"chainCmds": "-i a.mp4 -vn a.m4a"}]
    found = await plan(app, "multi_process", {"processes": processes})
    assert found["complete"] is False
    assert found["processes"][0] == {"preset": "gif", "steps": [], "outputs": [], "warnings": []}
    assert found["processes"][1]["steps"][0]["command"] == "ffmpeg -i a.mp4 -vn a.m4a"


async def test_a_composition_without_files_is_planned(app: Any) -> None:
    layers = [{"type": "shape", "width": 16, "height": 16}]
    found = await plan(
        app, "canvas", {"json": {"width": 64, "height": 64, "fps": 25, "duration": 2, "layers": layers}}
    )
    (step,) = found["processes"][0]["steps"]
    assert (step["kind"], step["frames"]) == ("render", 50)
    assert step["command"].startswith("ffmpeg -f rawvideo")


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (
            {"action": "process", "data": {"chainCmds": "-i a.mp4 -filter_script /etc/passwd b.mp4"}},
            "forbidden_option",
        ),
        ({"action": "process", "data": {"chainCmd": "-i a.mp4 b.mp4"}}, "unknown_field"),
        ({"action": "process", "data": {"chainCmds": "-i {{in_2}} b.mp4"}}, "unknown_input"),
        ({"action": "prozess", "data": {}}, "unknown_action"),
        ([], "invalid_job"),
    ],
)
async def test_a_wrong_job_is_refused_as_if_it_was_sent(app: Any, job: Any, code: str) -> None:
    reply = await send(app, job)
    assert (400 <= reply.status < 500, reply.json()["code"]) == (True, code)


async def test_a_plan_opens_no_file(app: Any, tmp_path: Path) -> None:
    found = await plan(app, "process", {"chainCmds": f"-i {tmp_path}/missing.mp4 a.mp4"})
    assert json.dumps(found).count("missing.mp4") >= 1
    assert list(tmp_path.iterdir()) == []
