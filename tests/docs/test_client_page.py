"""The examples of docs/client.md run as they stand, at a server of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from ffmpeg_worker.client import Client
from support.docs.code_blocks import find_code
from support.docs.json_examples import ROOT
from support.servers.api_server import Server, running_server

PAGE = ROOT / "docs" / "client.md"
KEY = "key-of-a-client"
SOURCE = "-f lavfi -i testsrc2=size=160x90:rate=10:duration=0.5 -c:v mpeg4 clip.mov"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    state = str(folder / "state")
    with running_server(folder, FFMPEG_WORKER_API_KEYS=KEY, FFMPEG_WORKER_STATE_ROOT=state) as server:
        yield server


def test_examples_at_a_server(server: Server, tmp_path: Path) -> None:
    """In the order of the page: the first example sends the file that the others read."""
    client = Client(server.url, api_key=KEY)
    made = client.run("process", {"chainCmds": SOURCE})
    client.download(made, "clip.mov", tmp_path / "clip.mov")
    environment = {"FFMPEG_API_BASE_URL": server.url, "FFMPEG_WORKER_API_KEYS": KEY}

    def run(word: str, *changes: tuple[str, str]) -> str:
        code = find_code(PAGE, "python", word)
        for before, after in changes:
            assert before in code
            code = code.replace(before, after)
        program = [sys.executable, "-c", code]
        ended = subprocess.run(
            program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    out = run("client.upload", ("http://127.0.0.1:3000", server.url), ('"…"', f'"{KEY}"'))
    assert out.splitlines()[-1].startswith("small.mp4 {")
    assert (tmp_path / "small.mp4").stat().st_size > 0
    assert run(
        '"probe", {"input": "clip.mov"}',
    ).splitlines() == ["0.500000", "mpeg4"]
    client.upload(tmp_path / "small.mp4")
    shown = run("AsyncClient").splitlines()
    assert [line.split()[-1] for line in shown] == ["clip.mov", "small.mp4", "succeeded", "succeeded"]
    endpoint = ('"ENDPOINT_ID", api_key="…"', f'"any", api_key="{KEY}", base_url="{server.url}/v2"')
    run("for_runpod", endpoint, ("https://media.example/clip.mov", "clip.mov"))


def test_the_example_client(server: Server, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    environment = {"FFMPEG_API_BASE_URL": server.url, "FFMPEG_WORKER_API_KEYS": KEY}
    for command, code in ((SOURCE, 0), ("-i none.mp4 a.mp4", 1)):
        request.write_text(json.dumps({"input": {"action": "process", "data": {"chainCmds": command}}}))
        program = [sys.executable, str(ROOT / "examples" / "client.py"), str(request)]
        ended = subprocess.run(
            program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == code
        assert "Traceback" not in ended.stderr
    assert "none.mp4" in ended.stderr
    assert (tmp_path / "clip.mov").stat().st_size > 0


def test_the_example_of_a_receiver(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "whsec_" + "QUFB" * 8
    code = find_code(PAGE, "python", "verify_webhook").replace("whsec_…", secret)
    names: dict[str, Any] = {}
    exec(compile(code, PAGE, "exec"), names)
    body, now = '{"type": "job.succeeded", "timestamp": "t", "data": {"id": "j1"}}', datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
    assert names["receive"](body.encode(), headers) == 204
    assert names["receive"](body.encode() + b" ", headers) == 400
    assert capsys.readouterr().out == "msg_1 job.succeeded j1\n"
