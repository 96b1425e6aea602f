"""The program of the embedded probe."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ffmpeg_worker.ffmpeg.probe import confine_child, mp4_probe_program
from ffmpeg_worker.ffmpeg.probe.probe_program import serve
from ffmpeg_worker.ffmpeg.probe.sample_mp4 import make_sample_mp4
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED


@pytest.fixture(autouse=True)
def socket_of_the_listener(monkeypatch: pytest.MonkeyPatch) -> int:
    """The descriptor that the program closes; in this process the usual number is another file."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    monkeypatch.setattr(confine_child, "LISTENER_TO", descriptor)
    return descriptor


def answer(*lines: dict[str, Any], serve: Callable[[BinaryIO, BinaryIO], None] = serve) -> list[dict[str, Any]]:
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


def test_the_quick_probe_leaves_what_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "sample.mp4").write_bytes(make_sample_mp4())
    (tmp_path / "text.mp4").write_text("no media")
    names = ("sample.mp4", "text.mp4", "missing.mp4", "sample.mp4")
    replies = answer(
        {"confinement": None, "root": str(tmp_path)},
        *({"path": name} for name in names),
        serve=mp4_probe_program.serve,
    )
    assert [reply.get("error") for reply in replies] == [None, "unusual", "unusual", None]
    assert replies[0]["ok"]["streams"][0]["width"] == 64


@pytest.mark.parametrize("root", ["/missing", "a\0b"])
def test_without_confinement_nothing_is_answered(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    [reply] = answer({"confinement": None, "root": root}, {"path": "a.mp4"})
    assert reply["error"] == CONFINEMENT_FAILED
