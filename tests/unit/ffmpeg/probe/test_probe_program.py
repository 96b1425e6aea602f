"""The program of the embedded probe."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.ffmpeg.probe import confine_child
from ffmpeg_worker.ffmpeg.probe.probe_program import serve
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED


@pytest.fixture(autouse=True)
def socket_of_the_listener(monkeypatch: pytest.MonkeyPatch) -> int:
    """The descriptor that the program closes; in this process the usual number is another file."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    monkeypatch.setattr(confine_child, "LISTENER_TO", descriptor)
    return descriptor


def answer(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    replies = io.BytesIO()
    serve(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines)), replies)
    return [json.loads(line) for line in replies.getvalue().splitlines()]


def test_requests_are_relative_to_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_of_the_listener: int
) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "empty.mp4").touch()
    [reply] = answer({"confinement": None, "root": str(tmp_path)}, {"path": "empty.mp4"})
    assert reply["error"] == "empty"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(socket_of_the_listener)


def test_children_answer_also_where_no_sample_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: str) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "memfd_create", fail)
    monkeypatch.chdir("/")
    (tmp_path / "empty.mp4").touch()
    [reply] = answer({"confinement": None, "root": str(tmp_path)}, {"path": "empty.mp4"})
    assert reply["error"] == "empty"


@pytest.mark.parametrize("root", ["/missing", "a\0b"])
def test_without_confinement_nothing_is_answered(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    [reply] = answer({"confinement": None, "root": root}, {"path": "a.mp4"})
    assert reply["error"] == CONFINEMENT_FAILED
