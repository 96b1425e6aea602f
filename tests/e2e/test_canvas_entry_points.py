"""Compositions over HTTP, in the terminal and through the RunPod handler, with files in buckets."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import numpy as np
import pytest
from PIL import Image

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.location import ExternalApi
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.media.sources import make_clip
from support.programs.terminal import Terminal, new_terminal
from support.servers.api_server import Server, running_server
from support.servers.bucket import open_bucket

LOOPBACK = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
COMPOSITION: dict[str, Any] = {
    "width": 128,
    "height": 72,
    "fps": 10,
    "duration": 2,
    "background": "#0000ff",
    "variables": {"name": "Ada"},
    "layers": [
        {"type": "video", "src": "clip.mp4", "width": 32, "x": "100%", "y": 0, "anchor": "top-right"},
        {"type": "shape", "fill": "#ff0000", "width": "50%", "height": "100%", "x": 0, "y": 0, "start": 1},
        {"type": "text", "text": "{{name}}", "style": {"font_size": 20}},
    ],
}
OLDER = {
    "json": {
        "dimensions": {"width": 128, "height": 72},
        "nodes": [{"type": "video", "config": {"src": "clip.mp4"}}],
    },
    "startTime": 0.5,
    "endTime": 1.5,
    "fps": 10,
    "output": "older.mp4",
}


def corners(content: bytes) -> str:
    """Return the colors of the lower left and right corners of an image: `r`, `g` or `b`."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    return "".join("rgb"[int(pixels[-3, column].argmax())] for column in (2, -3))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("canvas")
    make_clip(folder / "data/clip.mp4", size="64x36")
    with running_server(
        folder, FFMPEG_WORKER_API_KEYS="key", FFMPEG_WORKER_WARM_CANVAS="1", **LOOPBACK
    ) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url, headers={"Authorization": "Bearer key"}) as session:
        yield session


async def post(client: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, str, bytes]:
    """Send a job; return status, content type and body."""
    async with client.post(f"/api/canvas/{path}", json=body, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def test_a_video_and_its_poster_over_http(client: aiohttp.ClientSession, server: Server) -> None:
    body = {"json": COMPOSITION, "output": "out/film.mp4", "poster": 1.5}
    status, _, content = await post(client, "process", body)
    assert status == 200, content
    film, poster = json.loads(content)["outputs"]
    assert (film["media"]["width"], film["media"]["duration"]) == (128, pytest.approx(2, abs=0.05))
    assert {"h264", "aac"} == set(film["media"]["codecs"])
    assert corners((server.data_root / poster["name"]).read_bytes()) == "rb"


async def test_progress_of_a_video_comes_before_its_result(client: aiohttp.ClientSession) -> None:
    # The render takes long enough for progress, which is sent twice a second.
    body = {"json": {**COMPOSITION, "width": 1280, "height": 720, "duration": 20}, "output": "long.mp4"}
    status, form, content = await post(client, "process", body, Accept="application/x-ndjson")
    assert (status, form) == (200, "application/x-ndjson")
    *progress, last, result = [json.loads(line) for line in content.splitlines()]
    percents = [line["progress"]["percent"] for line in progress]
    assert percents == sorted(percents)
    assert {line["progress"]["stage"] for line in progress} <= {"fetching", "running", "verifying", "delivering"}
    assert last == {"status": 200}
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize(("t", "seen"), [(0.5, "bb"), (1.5, "rb")])
async def test_a_preview_is_an_image_if_the_client_accepts_images(
    client: aiohttp.ClientSession, t: float, seen: str
) -> None:
    # The query parameters take precedence over the body.
    body = {"json": COMPOSITION, "t": 0, "width": 100}
    async with client.post(
        f"/api/canvas/preview?t={t}&width=64", json=body, headers={"Accept": "image/png"}
    ) as response:
        content = await response.read()
        assert (response.status, response.content_type) == (200, "image/png")
        assert response.headers["Cache-Control"] == "no-store"
    assert Image.open(io.BytesIO(content)).size == (64, 36)
    assert corners(content) == seen


async def test_a_preview_is_json_by_default(client: aiohttp.ClientSession, server: Server) -> None:
    # Where the body is a composition, its width is the canvas's and the query's is the image's.
    status, form, content = await post(client, "preview?t=1.5&width=64", COMPOSITION)
    assert (status, form) == (200, "application/json")
    result = json.loads(content)
    assert (result["t"], result["width"], result["duration"]) == (1.5, 64, 2.0)
    assert corners(base64.b64decode(result["image"].removeprefix("data:image/png;base64,"))) == "rb"
    body = {"json": COMPOSITION, "t": 1.5, "output": "p.jpg"}
    status, form, content = await post(client, "preview", body, Accept="image/png")
    assert (status, form) == (200, "application/json")
    assert "image" not in json.loads(content)
    assert corners((server.data_root / "p.jpg").read_bytes()) == "rb"


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "field"),
    [
        ("preview?t=soon", COMPOSITION, 422, "invalid_value", "t"),
        ("preview?t=-1", COMPOSITION, 422, "invalid_value", "t"),
        ("preview?width=1", COMPOSITION, 422, "invalid_value", "width"),
        ("preview?t=1", {"json": {**COMPOSITION, "layerz": []}}, 422, "unknown_field", "json.layerz"),
        ("preview", {"layers": [{"type": "image", "src": "no.png"}]}, 404, "source_not_found", "layers[0].src"),
        (
            "process",
            {"layers": [{"type": "image", "src": "clip.mp4"}]},
            422,
            "wrong_kind_of_source",
            "layers[0].src",
        ),
    ],
)
async def test_errors_are_problems(
    client: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    found, form, content = await post(client, path, body, Accept="image/png")
    problem = json.loads(content)
    assert (found, form, problem["code"]) == (status, "application/problem+json", code)
    assert problem["where"]["field"] == field


async def test_lint_over_http_does_not_render(client: aiohttp.ClientSession, server: Server) -> None:
    long = {"type": "text", "text": "far too long", "width": 20, "height": 20}
    long["style"] = {"font_family": "Nope", "font_size": 40}
    far = {"type": "image", "src": "https://nowhere.invalid/a.png", "width": 10}
    body = {"json": {**COMPOSITION, "layers": [long, far]}, "lint": True, "output": "never.mp4"}
    status, _, content = await post(client, "process", body)
    assert status == 200, content
    result = json.loads(content)
    assert [(remark["where"], remark["code"]) for remark in result["remarks"]] == [
        ("layers[1].src", "not_fetched"),
        ("layers[0].style.font_family", "unknown_font"),
        ("layers[0]", "text_overflows"),
    ]
    assert (result["outputs"], result["duration"]) == ([], 2.0)
    assert not (server.data_root / "never.mp4").exists()


async def test_the_schema_needs_no_key_and_knows_the_composition(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as anonymous, anonymous.get("/api/canvas/schema") as response:
        assert (response.status, response.content_type) == (200, "application/schema+json")
        schema = await response.json(content_type=None)
    assert jsonschema_rs.is_valid(schema, COMPOSITION)
    assert not jsonschema_rs.is_valid(schema, {**COMPOSITION, "layerz": []})


async def test_health_reports_the_renderer(client: aiohttp.ClientSession) -> None:
    async with client.get("/health") as response:
        assert (await response.json())["canvas"] == {"available": True, "missing": []}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder; the composition and its clip are in another folder."""
    make_clip(tmp_path / "project/clip.mp4", size="64x36")
    (tmp_path / "project/film.json").write_text(json.dumps(COMPOSITION))
    return new_terminal(tmp_path)


FILM = "../project/film.json"


def test_render_reads_beside_the_composition_and_writes_to_the_current_folder(terminal: Terminal) -> None:
    ended = terminal.call(
        "render", FILM, "--draft", "--from", "0.5", "--to", "1.5", "--fps", "20", "--poster", "1"
    )
    assert ended.code == 0, ended.stderr
    assert (ended.json["width"], ended.json["duration"], ended.json["fps"]) == (64, 1.0, 20.0)
    assert sorted(path.name for path in terminal.here.iterdir()) == ["film-poster.png", "film.mp4"]
    assert corners((terminal.here / "film-poster.png").read_bytes()) == "rb"
    assert terminal.leftovers() == []
    code, seen = terminal.watched("render", FILM, "-o", "film.webm", "--transparent", "--scale", "0.5")
    assert code == 0
    assert "64x36 2.0 s vp9" in seen


def test_render_many_and_a_preview_from_standard_input(terminal: Terminal) -> None:
    (terminal.here / "rows.json").write_text(json.dumps([{"name": "A"}, {"name": "B"}]))
    ended = terminal.call("render", FILM, "--vars", "rows.json", "-o", "{{name}}.png", "--var", "more=1")
    assert [Path(output["path"]).name for output in ended.json["outputs"]] == ["A.png", "B.png"]
    still = {**COMPOSITION, "layers": COMPOSITION["layers"][1:]}
    ended = terminal.call("render", "-", "--preview", "1.5", "--scale", "0.5", stdin=json.dumps(still))
    assert (ended.code, ended.json["width"]) == (0, 64), ended.stderr
    assert corners((terminal.here / "preview.png").read_bytes()) == "rb"


def test_lint_and_schema(terminal: Terminal) -> None:
    ended = terminal.call("render", FILM, "--lint", "--var", f"name={'long ' * 20}")
    assert (ended.code, [remark["code"] for remark in ended.json["remarks"]]) == (0, ["text_outside"])
    code, seen = terminal.watched("render", FILM, "--lint")
    assert code == 0
    assert seen.rstrip().endswith("No warnings.")
    ended = terminal.call("render", FILM, "--lint", "--from", "5")
    assert (ended.code, ended.json["code"]) == (2, "empty_part")
    assert jsonschema_rs.is_valid(terminal.call("render", "--schema").json, COMPOSITION)
    assert [*terminal.here.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("missing.json",), 2, "job_file_unreadable"),
        ((FILM, "--var", "name"), 2, "invalid_value"),
        ((FILM, "--codec", "vp9", "-o", "x.mp4"), 2, "invalid_value"),
        ((FILM, "--quality", "finest"), 2, "invalid_value"),
        ((FILM, "-o", "x.avi"), 2, "invalid_value"),
        (("broken.json",), 3, "source_not_found"),
    ],
)
def test_errors_in_the_terminal(terminal: Terminal, arguments: tuple[str, ...], code: int, name: str) -> None:
    (terminal.here / "broken.json").write_text(json.dumps({"layers": [{"type": "image", "src": "no.png"}]}))
    ended = terminal.call("render", *arguments)
    assert (ended.code, ended.json["code"]) == (code, name)
    assert "Traceback" not in ended.stderr


async def run_handler(server: Server, job: dict[str, Any]) -> Any:
    """The response of RunPod's handler, which sends the job to the server."""
    worker = RunpodWorker(ApiClient(ExternalApi(f"{server.url}/api", "key"), timeout_s=90), 1 << 20)
    return await worker.handle({"id": "job", "input": job})


async def test_the_runpod_handler_returns_a_preview(server: Server) -> None:
    response = await run_handler(server, {"action": "canvas_preview", "data": {"json": COMPOSITION, "t": 1.5}})
    image = response["result"]["image"]
    assert corners(base64.b64decode(image.removeprefix("data:image/png;base64,"))) == "rb"


async def test_the_runpod_handler_renders_the_legacy_schema(server: Server) -> None:
    response = await run_handler(server, {"path": "/canvas/process", "body": OLDER})
    assert response["success"] is True, response
    [output] = response["result"]["outputs"]
    assert (output["name"], output["media"]["duration"]) == ("older.mp4", pytest.approx(1, abs=0.05))


async def test_a_video_and_its_poster_are_uploaded_by_the_runpod_handler(server: Server) -> None:
    with open_bucket() as bucket:
        job = {
            "action": "canvas",
            "data": {"json": COMPOSITION, "output": "film.mp4", "poster": {"time": 1.5, "name": "film.png"}},
            "upload": bucket.upload("orders/17/"),
        }
        response = await run_handler(server, job)
        assert response.get("success") is True, response
        assert bucket.objects() == ["orders/17/film.mp4", "orders/17/film.png"]
        assert corners(bucket.server.read("orders/17/film.png") or b"") == "rb"
        assert [output["path"] for output in response["result"]["outputs"]] == bucket.objects()
