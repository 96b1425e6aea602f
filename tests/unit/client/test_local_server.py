"""The local server: restarted when it ends, never left behind."""

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

from ffmpeg_worker.client.local_server import LocalServer
from support.processes import alive
from support.programs import fake_serve
from support.wait_until import until

START_SERVER = """
import os, sys
from ffmpeg_worker.client.local_server import LocalServer
server = LocalServer(os.environ, command=sys.argv[1:])
server.start()
while server.base_url() is None:
    pass
if os.fork() == 0:  # like the heartbeat process of RunPod's SDK, which outlives the worker
    os.close(1)
    os.read(0, 1)
    os._exit(0)
print("ready", flush=True)
os.read(0, 1)
"""


class Stub:
    """A server that runs the fake program, and what the program recorded at each start."""

    def __init__(self, mode: str, journal: Path, **options: Any) -> None:
        self.command = [sys.executable, fake_serve.__file__, mode, str(journal)]
        environment = {**os.environ, "FFMPEG_WORKER_HOST": "0.0.0.0", "FFMPEG_WORKER_API_KEYS": "another"}
        self.server = LocalServer(environment, command=self.command, **options)
        self._journal = journal

    def starts(self) -> list[dict[str, Any]]:
        text = self._journal.read_text() if self._journal.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Stub]]:
    """Start a server that behaves as its mode says."""
    made: list[Stub] = []

    def start(mode: str, **options: Any) -> Stub:
        made.append(Stub(mode, tmp_path / "journal", **options))
        made[-1].server.start()
        return made[-1]

    yield start
    for each in made:
        each.server.close()


def test_it_has_a_url_and_ends_when_closed(start: Callable[..., Stub]) -> None:
    stub = start("ready")
    until(lambda: stub.server.base_url() is not None)
    assert stub.server.base_url() == "http://127.0.0.1:9/api"
    pid = stub.starts()[0]["pid"]
    stub.server.close()
    assert not alive(pid)
    assert stub.server.base_url() is None
    assert len(stub.starts()) == 1


def test_its_key_is_new_and_not_on_the_command_line(start: Callable[..., Stub]) -> None:
    stub = start("ready")
    until(lambda: bool(stub.starts()))
    started = stub.starts()[0]
    assert started["keys"] == stub.server.api_key
    assert len(stub.server.api_key) >= 40
    assert stub.server.api_key != LocalServer({}).api_key
    assert not any(stub.server.api_key in option for option in started["options"])
    assert started["host"] == "127.0.0.1"


def test_it_is_restarted_when_it_dies(start: Callable[..., Stub]) -> None:
    stub = start("ready")
    until(lambda: stub.server.base_url() is not None)
    os.kill(stub.starts()[0]["pid"], signal.SIGKILL)
    until(lambda: len(stub.starts()) == 2)
    until(lambda: stub.server.base_url() is not None)
    assert stub.server.failure() is None


@pytest.mark.parametrize("mode", ["dies", "nonsense"])
def test_it_is_restarted_when_it_never_gets_ready(start: Callable[..., Stub], mode: str) -> None:
    stub = start(mode)
    until(lambda: len(stub.starts()) >= 2)
    assert stub.server.base_url() is None
    assert stub.server.failure() is None


def test_refused_settings_are_not_tried_again(start: Callable[..., Stub]) -> None:
    stub = start("refuses")
    until(lambda: stub.server.failure() is not None)
    assert "settings" in (stub.server.failure() or "")
    assert len(stub.starts()) == 1


def test_without_restarts_its_end_is_a_failure_and_its_output_is_in_the_log(
    start: Callable[..., Stub], tmp_path: Path
) -> None:
    stub = start("dies", restarts=False, log_path=tmp_path / "log")
    until(lambda: stub.server.failure() is not None)
    assert stub.server.failure() == "it ended with exit status 3."
    assert len(stub.starts()) == 1
    assert (tmp_path / "log").exists()


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    server = LocalServer({}, command=[str(tmp_path / "none")])
    server.start()
    server.close()
    assert server.base_url() is None


def test_closing_before_it_is_ready(start: Callable[..., Stub]) -> None:
    stub = start("ready")
    stub.server.close()
    assert all(not alive(started["pid"]) for started in stub.starts())


def test_it_ends_with_a_killed_parent_although_a_fork_survives(tmp_path: Path) -> None:
    stub = Stub("ready", tmp_path / "journal")
    command = [sys.executable, "-c", START_SERVER, *stub.command]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        pid = stub.starts()[0]["pid"]
        parent.kill()
        until(lambda: not alive(pid), within_s=3)
