"""Requests to a child that describes files."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path
from typing import Any, cast

import pytest

from ffmpeg_worker.ffmpeg.probe import probe_process
from ffmpeg_worker.ffmpeg.probe.probe_process import ProbeProcess, ReplyReader
from ffmpeg_worker.process.child import Child
from ffmpeg_worker.process.pipes import PipeWriter
from support.programs.fake_spawner import FakeChild, Script


class Requests:
    """The pipe to the child: keeps what is written, and answers each request."""

    def __init__(self, replies: ReplyReader, *answers: bytes) -> None:
        self.lines: list[dict[str, Any]] = []
        self._replies = replies
        self._answers = list(answers)

    def write(self, data: bytes) -> None:
        self.lines.append(json.loads(data))
        if "path" in self.lines[-1] and self._answers:
            self._replies.feed(self._answers.pop(0) + b"\n")


def make(*answers: bytes) -> tuple[ProbeProcess, FakeChild, Requests]:
    replies = ReplyReader()
    child, requests = FakeChild(Script(hangs=True), {}), Requests(replies, *answers)
    return ProbeProcess(cast(Child, child), cast(PipeWriter, requests), replies, socket.socket()), child, requests


async def test_each_file_gets_its_reply() -> None:
    process, _, requests = make(b'{"ok": 1}', b'{"ok": 2}')
    assert await process.ask(Path("/data/a.mp4")) == {"ok": 1}
    assert await process.ask(Path("/data/b.mp4")) == {"ok": 2}
    assert requests.lines == [{"path": "data/a.mp4"}, {"path": "data/b.mp4"}]  # its working directory is /
    assert process.alive
    await process.close()
    assert not process.alive


async def test_paths_are_relative_to_the_root_after_confinement() -> None:
    process, _, requests = make(b"{}", b"{}")
    process.confine(None, Path("/data/job"))
    await process.ask(Path("/data/job/in/a.mp4"))
    await process.ask(Path("/elsewhere/b.mp4"))
    assert requests.lines == [
        {"confinement": None, "root": "/data/job"},
        {"path": "in/a.mp4"},
        {"path": "/elsewhere/b.mp4"},
    ]
    await process.close()


async def test_a_child_that_dies_gives_no_reply() -> None:
    process, child, _ = make()
    asking = asyncio.ensure_future(process.ask(Path("/a.mp4")))
    await asyncio.sleep(0)
    child.end_by(signal.SIGKILL)
    assert await asking is None
    assert not process.alive
    assert process.end is not None
    assert process.end.is_stop


async def test_a_child_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_process, "PROBE_TIMEOUT_S", 0.01)
    process, child, _ = make()
    assert await process.ask(Path("/a.mp4")) is None
    assert child.stopped
    assert process.end is None
