"""The worker's own HTTP door: kept running, given nothing it should not have, never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.runpod_worker import own_api
from ffmpeg_worker.runpod_worker.own_api import OwnApi
from support.processes import alive
from support.programs import fake_serve
from support.wait_until import until

START_WORKER = """
import os, sys
from ffmpeg_worker.runpod_worker.own_api import OwnApi
api = OwnApi(sys.argv[1:])
api.start()
while api.base_url() is None:
    pass
if os.fork() == 0:  # like the heartbeat process of RunPod's SDK, which outlives the worker
    os.close(1)
    os.read(0, 1)
    os._exit(0)
print("ready", flush=True)
os.read(0, 1)
"""


class Stub:
    """A door that is the stub program, and what the program wrote down."""

    def __init__(self, mode: str, journal: Path) -> None:
        self.command = [sys.executable, fake_serve.__file__, mode, str(journal)]
        self.api = OwnApi(self.command)
        self._journal = journal

    def starts(self) -> list[dict[str, Any]]:
        text = self._journal.read_text() if self._journal.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Callable[[str], Stub]]:
    """Start a door that behaves as told."""
    made: list[Stub] = []

    def start(mode: str) -> Stub:
        made.append(Stub(mode, tmp_path / "journal"))
        made[-1].api.start()
        return made[-1]

    yield start
    for each in made:
        each.api.close()


def test_it_tells_its_address_and_ends_when_closed(stub: Callable[[str], Stub]) -> None:
    door = stub("ready")
    until(lambda: door.api.base_url() is not None)
    assert door.api.base_url() == "http://127.0.0.1:9/api"
    pid = door.starts()[0]["pid"]
    door.api.close()
    assert not alive(pid)
    assert door.api.base_url() is None
    assert len(door.starts()) == 1


def test_its_key_is_new_and_not_on_the_command_line(
    stub: Callable[[str], Stub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_AI_API_KEY", "platform")
    monkeypatch.setenv("FFMPEG_WORKER_RUNPOD_API_KEY", "endpoint")
    monkeypatch.setenv("FFMPEG_WORKER_API_KEYS", "somebody-elses")
    monkeypatch.setenv("FFMPEG_WORKER_HOST", "0.0.0.0")
    door = stub("ready")
    until(lambda: bool(door.starts()))
    started = door.starts()[0]
    assert started["keys"] == door.api.api_key
    assert len(door.api.api_key) >= 40
    assert door.api.api_key != OwnApi().api_key
    assert not any(door.api.api_key in option for option in started["options"])
    assert started["host"] == "127.0.0.1"
    assert started["platform_keys"] == []


@pytest.mark.parametrize("chosen", [None, "variable", "file"])
def test_a_network_volume_is_the_data_root_unless_there_is_another(
    stub: Callable[[str], Stub], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    monkeypatch.setattr(own_api, "VOLUME", volume)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FS_PATH", raising=False)
    if chosen == "variable":
        monkeypatch.setenv("FS_PATH", "/elsewhere")
    elif chosen == "file":
        (tmp_path / ".env").write_text("FS_PATH=/elsewhere\n")
    door = stub("ready")
    until(lambda: bool(door.starts()))
    assert door.starts()[0]["data_root"] == {None: str(volume), "variable": "/elsewhere", "file": None}[chosen]


def test_it_is_started_again_when_it_dies(stub: Callable[[str], Stub]) -> None:
    door = stub("ready")
    until(lambda: door.api.base_url() is not None)
    os.kill(door.starts()[0]["pid"], signal.SIGKILL)
    until(lambda: len(door.starts()) == 2)
    until(lambda: door.api.base_url() is not None)
    assert door.api.gave_up() is None


@pytest.mark.parametrize("mode", ["dies", "nonsense"])
def test_it_is_tried_again_when_it_never_gets_ready(stub: Callable[[str], Stub], mode: str) -> None:
    door = stub(mode)
    until(lambda: len(door.starts()) >= 2)
    assert door.api.base_url() is None
    assert door.api.gave_up() is None


def test_refused_settings_are_not_tried_again(stub: Callable[[str], Stub]) -> None:
    door = stub("refuses")
    until(lambda: door.api.gave_up() is not None)
    assert len(door.starts()) == 1


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    api = OwnApi([str(tmp_path / "none")])
    api.start()
    api.close()
    assert api.base_url() is None


def test_closing_before_it_is_ready(stub: Callable[[str], Stub]) -> None:
    door = stub("ready")
    door.api.close()
    assert all(not alive(started["pid"]) for started in door.starts())


def test_it_ends_with_a_worker_that_is_killed_although_a_fork_lives_on(tmp_path: Path) -> None:
    stub = Stub("ready", tmp_path / "journal")
    command = [sys.executable, "-c", START_WORKER, *stub.command]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        pid = stub.starts()[0]["pid"]
        worker.kill()
        until(lambda: not alive(pid), within_s=3)
