"""`ffmpeg-worker doctor`, on this machine and without a usable FFmpeg or setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.programs.terminal import Terminal, new_terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path)


def test_doctor(terminal: Terminal) -> None:
    ended = terminal.call("doctor", "--json")
    assert (ended.code, ended.json["ok"]) == (0, True)
    names = [check["name"] for check in ended.json["checks"]]
    assert {
        "Python",
        "ffmpeg",
        "probe",
        "encoders",
        "hardware",
        "VMAF",
        "canvas",
        "data root",
        "port",
        "access",
    } <= set(names)
    assert "libx264" in next(check["found"] for check in ended.json["checks"] if check["name"] == "encoders")
    assert [*terminal.here.iterdir()] == []


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"FFMPEG_PATH": "/nonexistent/ffmpeg"}, "ffmpeg"),
        ({"PORT": "sesame"}, "settings"),
    ],
)
def test_doctor_finds_what_is_wrong(terminal: Terminal, variables: dict[str, str], name: str) -> None:
    ended = terminal.call("doctor", "--json", env=variables)
    assert (ended.code, ended.json["ok"]) == (1, False)
    failed = {check["name"]: check["hint"] for check in ended.json["checks"] if check["verdict"] == "fail"}
    assert failed[name]
