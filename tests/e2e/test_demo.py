"""`ffmpeg-worker demo` as a real process."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import av
import pytest

from support.processes import alive, children_of
from support.programs.terminal import Ended, Terminal, new_terminal
from support.wait_until import until

VIDEOS = {
    "source.mp4": (1280, 720),
    "transcoded.mp4": (1280, 720),
    "ladder/720p.mp4": (1280, 720),
    "ladder/480p.mp4": (854, 480),
    "ladder/240p.mp4": (426, 240),
}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path_factory.mktemp("demo"))


RUN_OF_CI = os.environ.get("DEMO_RUN")
"""A folder with a run as the fixture `ended` makes it: `demo-output`, and the file `stdout`."""


@pytest.fixture(scope="module")
def ended(terminal: Terminal) -> Ended:
    """A run into a folder with files of an earlier demo, with settings that it must ignore."""
    if RUN_OF_CI:
        shutil.copytree(Path(RUN_OF_CI) / "demo-output", terminal.here / "demo-output")
        return Ended(0, (Path(RUN_OF_CI) / "stdout").read_text(), "")
    (terminal.here / "demo-output/ladder").mkdir(parents=True)
    for name in VIDEOS:
        (terminal.here / "demo-output" / name).write_text("from an earlier demo")
    misleading = {"PORT": "1", "FS_PATH": "/nonexistent", "FFMPEG_WORKER_HOST": "0.0.0.0"}
    return terminal.call("demo", env=misleading)


def test_the_demo_succeeds_and_lists_every_file(ended: Ended) -> None:
    assert ended.code == 0, ended.stderr
    rows = ended.stdout.splitlines()
    assert rows[0].split() == ["step", "file", "size", "seconds", "result"]
    assert [row.split()[0] for row in rows[1:-1]] == [
        *("source", "transcode", "ladder", "ladder", "ladder", "probe", "vmaf")
    ]
    assert all(f"demo-output/{name}" in ended.stdout for name in VIDEOS)
    score = float(rows[-2].partition("VMAF ")[2].split()[0])
    assert 60 < score < 100
    assert re.search(r"All files are in (/\S+/)?demo-output\.$", rows[-1])


def test_the_demo_leaves_only_its_folder(terminal: Terminal, ended: Ended) -> None:
    assert [path.name for path in terminal.here.iterdir()] == ["demo-output"]
    folder = terminal.here / "demo-output"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {*VIDEOS, "vmaf.json"}
    assert terminal.leftovers() == []


@pytest.mark.parametrize("name", VIDEOS)
def test_the_videos_play_in_browsers(terminal: Terminal, ended: Ended, name: str) -> None:
    path = terminal.here / "demo-output" / name
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == VIDEOS[name]
        assert audio.codec_context.name == "aac"
        assert container.duration == pytest.approx(5_000_000, abs=100_000)
        assert sum(1 for _ in container.decode(video=0)) == 150
    head = path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_a_failure_is_reported_and_only_the_folder_is_left(terminal: Terminal) -> None:
    ended = terminal.call("demo", "--out", "failed", env={"FFMPEG_PATH": "/nonexistent/ffmpeg"})
    assert (ended.code, ended.stdout) == (5, "")
    assert "server_not_started" in ended.stderr
    assert "FFMPEG_PATH" in ended.stderr
    assert [*(terminal.here / "failed").iterdir()] == []
    (terminal.here / "failed").rmdir()


def test_a_folder_that_cannot_be_created(terminal: Terminal) -> None:
    ended = terminal.call("demo", "--out", "/proc/nothing/demo")
    assert ended.code == 4
    assert "Traceback" not in ended.stderr


def test_stopping_the_demo_stops_its_server(terminal: Terminal, tmp_path: Path) -> None:
    with terminal.started("demo", "--out", str(tmp_path / "out")) as demo:
        assert demo.stderr is not None
        assert "Starting" in demo.stderr.readline()
        assert "Generating a source" in demo.stderr.readline()
        [server] = children_of(demo.pid)
        until(lambda: len(children_of(server)) > 1, within_s=30)
        below = [server, *children_of(server)]
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(30) == 130
        until(lambda: not any(alive(pid) for pid in below), within_s=10)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".scratch")] == []
