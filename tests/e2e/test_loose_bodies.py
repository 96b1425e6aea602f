"""Bodies as no-code tools send them get a result, at every route, and `warnings` name the fields."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from support.servers.api_server import Server, running_server

SOURCE = "-f lavfi -i testsrc=duration=1:size=64x48:rate=10"
BLANK = {"inputs": "", "upload": None, "s3Config": "", "metadata": None, "webhook": "", "timeout": " 60 "}
LAYER = {"type": "shape", "x": "0", "opacity": "0.5", "transition": "", "duration": "0.2"}
JOBS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("ffmpeg/process", {"chainCmds": f"{SOURCE} a.mp4", "output": "", "hardware": None}, {"output", "hardware"}),
    (
        "ffmpeg/multi_process",
        {"processes": [{"chainCmds": f"{SOURCE} b.mp4", "output": None}], "fuse": "false", "hardware": ""},
        {"processes[0].output", "fuse", "hardware"},
    ),
    ("ffmpeg/probe", {"input": "source.mp4", "chainCmds": ""}, {"chainCmds"}),
    (
        "ffmpeg/vmaf",
        {"input1": "source.mp4", "input2": "source.mp4", "subsample": "2", "model": "", "features": ""},
        {"subsample", "model", "features"},
    ),
    (
        "canvas/process",
        {"json": {"width": "64", "height": "48", "fps": "10", "layers": [LAYER]}, "crf": "30", "lint": "false"},
        {"json.width", "json.layers[0].x", "json.layers[0].transition", "crf", "lint"},
    ),
    (
        "canvas/preview",
        {"json": {"width": 64, "height": 48, "layers": [LAYER]}, "t": "0.1", "width": "", "output": "p.png"},
        {"t", "width", "json.layers[0].opacity"},
    ),
    ("storage/download", {"input": {"url": "source.mp4", "sha256": ""}, "output": "copy.mp4"}, {"input.sha256"}),
    ("storage/upload", {"input": "source.mp4", "upload": {"cloud_type": "LOCAL", "url": ""}}, {"upload.url"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        post(server, "ffmpeg/process", {"chainCmds": f"{SOURCE} source.mp4"})
        yield server


def post(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.url}/api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return dict(json.load(response))


@pytest.mark.parametrize(("path", "body", "fields"), JOBS, ids=[path for path, *_ in JOBS])
def test_a_loose_body_is_a_job(server: Server, path: str, body: dict[str, Any], fields: set[str]) -> None:
    result = post(server, path, BLANK | body)
    notes = [warning for warning in result["warnings"] if warning.startswith("Read ")]
    expected = fields | (BLANK.keys() - body.keys())
    named = {part for note in notes for part in note.split('"')[1::2]}
    assert named >= expected


def test_an_exact_body_has_no_notes(server: Server) -> None:
    assert "warnings" not in post(server, "ffmpeg/probe", {"input": "source.mp4"})
    assert post(server, "storage/download", {"input": "source.mp4", "output": "copy2.mp4"})["warnings"] == []


def test_the_notes_of_a_large_body_reach_its_result(server: Server) -> None:
    """It is read in another process."""
    result = post(
        server, "ffmpeg/probe", {"input": "source.mp4", "timeout": "60", "metadata": {"x": "y" * 20_000}}
    )
    assert result["warnings"] == ['Read text as a number: "timeout".']
