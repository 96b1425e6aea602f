"""The workflows for n8n: what their nodes send is sent to a real server."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from support.docs.json_examples import ROOT
from support.media.decode import frames_of
from support.media.sources import make_clip
from support.n8n_workflow import Item, Replay, StoppedWithError, read_workflow
from support.servers.api_server import Server, running_server
from support.servers.receiver import Receiver, open_receiver

FOLDER = ROOT / "examples/n8n"
FILES = sorted(FOLDER.glob("*.json"))
KEY = "key-of-the-workflow"
NOWHERE = "http://ffmpeg-worker:3000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a key and a clip; it may call webhooks on this machine."""
    root = tmp_path_factory.mktemp("n8n")
    make_clip(root / "data/film.mp4", seconds=1)
    allowed = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "true", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.1/32"}
    with running_server(root, FFMPEG_WORKER_API_KEYS=KEY, **allowed) as running:
        yield running


def load(name: str, server: Server) -> dict[str, Any]:
    """A workflow with the address of the server instead of the placeholder."""
    text = json.dumps(read_workflow(FOLDER / name))
    assert NOWHERE in text
    workflow: dict[str, Any] = json.loads(text.replace(NOWHERE, server.url))
    return workflow


def replay(workflow: dict[str, Any], http: aiohttp.ClientSession, receiver: Receiver) -> Replay:
    async def resume() -> dict[str, Any]:
        return (await receiver.wait_for(1)).json

    execution = {"id": str(id(receiver)), "resumeUrl": f"{receiver.url}/webhook-waiting/7?signature=abc"}
    return Replay(workflow, http, KEY, resume, execution)


async def test_a_job_wakes_the_workflow_and_its_output_is_fetched(server: Server) -> None:
    async with open_receiver() as receiver, aiohttp.ClientSession() as http:
        run = replay(load("submit-and-wait.json", server), http, receiver)
        [output] = await run.run("Start by HTTP", Item({"body": {"source": "film.mp4"}}))
        assert receiver.received[0].path == "/webhook-waiting/7?signature=abc"
    content, media_type = output.files["data"]
    assert media_type == "image/jpeg"
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (640, 360)
    assert run.done["Get job"]["metadata"] == {"execution": run.execution["id"]}


async def test_a_failed_job_stops_the_workflow_with_its_error(server: Server) -> None:
    async with open_receiver() as receiver, aiohttp.ClientSession() as http:
        run = replay(load("submit-and-wait.json", server), http, receiver)
        with pytest.raises(StoppedWithError, match=r"The job is failed: .*nowhere\.mp4"):
            await run.run("Start by HTTP", Item({"body": {"source": "nowhere.mp4"}}))
    assert "Fetch output" not in run.done


async def test_a_file_is_sent_and_a_file_comes_back(server: Server, tmp_path: Path) -> None:
    film = (server.data_root / "film.mp4").read_bytes()
    before = sorted(server.data_root.iterdir())
    async with open_receiver() as receiver, aiohttp.ClientSession() as http:
        run = replay(load("send-a-file.json", server), http, receiver)
        [output] = await run.run("Receive a file", Item({}, {"video": (film, "video/mp4")}))
    content, media_type = output.files["data"]
    assert media_type == "video/mp4"
    (tmp_path / "small.mp4").write_bytes(content)
    assert len(list(frames_of(tmp_path / "small.mp4"))) == 25
    assert sorted(server.data_root.iterdir()) == before


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_workflow_can_be_imported(path: Path) -> None:
    workflow = read_workflow(path)
    names = [node["name"] for node in workflow["nodes"]]
    assert len(set(names)) == len(names) == len({node["id"] for node in workflow["nodes"]})
    for source, outputs in workflow["connections"].items():
        targets = {target["node"] for output in outputs["main"] for target in output}
        assert {source, *targets} <= set(names)
    assert any(node["type"] == "n8n-nodes-base.stickyNote" for node in workflow["nodes"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_readme_describes_it(path: Path) -> None:
    assert f"`{path.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")
