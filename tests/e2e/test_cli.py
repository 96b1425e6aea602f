"""The terminal door, as real processes: answers, exit codes by fault, stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.media.sources import make, make_clip
from support.processes import with_argument
from support.programs.terminal import COMMAND, Terminal, new_terminal
from support.wait_until import until

LONG = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=3600", "-c:v", "mpeg4"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of one second, 160x90."""
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=1)


@pytest.fixture(scope="module")
def blurred(clip: Path) -> Path:
    """The clip, made worse."""
    return make(clip.with_name("blurred.mp4"), "-i", str(clip), "-vf", "gblur=sigma=2", "-c:a", "copy")


def process(*tokens: str, **common: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": list(tokens)}, **common}


def test_a_job_runs_in_the_current_folder_and_answers_with_json_into_a_pipe(
    terminal: Terminal, clip: Path
) -> None:
    ended = terminal.run(process("-i", str(clip), "-vf", "scale=80:-2", "small.mp4", metadata={"order": 7}))
    assert (ended.code, ended.stderr) == (0, "")
    [output] = ended.json["outputs"]
    assert (output["path"], output["media"]["width"]) == (str(terminal.here / "small.mp4"), 80)
    assert ended.json["metadata"] == {"order": 7}
    assert [path.name for path in terminal.here.iterdir()] == ["small.mp4"]
    assert terminal.leftovers() == []


def test_the_other_spelling_from_a_file_with_another_root(terminal: Terminal, clip: Path) -> None:
    body = {"chainCmds": f"ffmpeg -i {clip} -c copy copy.mp4"}
    (terminal.here / "job.json").write_text(json.dumps({"path": "/ffmpeg/process", "body": body}))
    ended = terminal.call("run", "job.json", "--root", "elsewhere", env={"FS_PATH": "/nonexistent"})
    assert ended.code == 0
    assert (terminal.here / "elsewhere/copy.mp4").stat().st_size == ended.json["outputs"][0]["size"]


def test_the_data_root_of_the_environment_is_used(terminal: Terminal, clip: Path) -> None:
    assert terminal.run(process("-i", str(clip), "-c", "copy", "copy.mp4"), env={"FS_PATH": "data"}).code == 0
    assert (terminal.here / "data/copy.mp4").exists()


def test_a_person_sees_a_summary(terminal: Terminal, clip: Path) -> None:
    (terminal.here / "job.json").write_text(json.dumps(process("-i", str(clip), "-c", "copy", "[bold] copy.mp4")))
    code, seen = terminal.watched("run", "job.json")
    assert code == 0
    assert str(terminal.here / "[bold] copy.mp4") in seen
    assert "160x90 1.0 s h264, aac" in seen
    assert '"outputs"' not in seen


def test_a_person_gets_json_when_asked_for(terminal: Terminal, clip: Path) -> None:
    code, seen = terminal.watched("probe", "--json", str(clip))
    assert code == 0
    assert '"codec_name": "h264"' in seen


def test_probe(terminal: Terminal, clip: Path) -> None:
    name = os.path.relpath(clip, terminal.here)
    ended = terminal.call("probe", name)
    assert ended.code == 0
    assert [stream["codec_name"] for stream in ended.json["streams"]] == ["h264", "aac"]
    assert ended.json["format"]["filename"] == name
    code, seen = terminal.watched("probe", name)
    assert code == 0
    assert "160x90, 25/1 fps, yuv420p" in seen


def test_vmaf(terminal: Terminal, clip: Path, blurred: Path) -> None:
    same = terminal.call("vmaf", str(clip), str(clip), "--features", "psnr,ssim", "--subsample", "2")
    assert same.code == 0
    assert same.json["score"] > 95
    worse = terminal.call("vmaf", str(clip), str(blurred), "--model", "vmaf_v0.6.1neg", "--output", "frames.json")
    assert worse.json["score"] < same.json["score"]
    assert len(json.loads((terminal.here / "frames.json").read_text())["frames"]) == worse.json["frames"] == 25
    code, seen = terminal.watched("vmaf", str(clip), str(clip))
    assert code == 0
    assert "over 25 frames" in seen


EXITS: list[tuple[str, dict[str, Any], int, str]] = [
    ("an unknown field", process("-i", "a", "b.mp4") | {"timeuot": 1}, 2, "unknown_field"),
    ("an unknown encoder", process("-i", "{clip}", "-c:v", "libx2645", "b.mp4"), 2, "encoder_unknown"),
    ("an unsupported field", process("-i", "{clip}", "b.mp4", callback_url="https://x"), 2, "unsupported_feature"),
    ("a missing input", process("-i", "nothing.mp4", "b.mp4"), 3, "source_not_found"),
    ("an empty input", process("-i", "empty.mp4", "b.mp4"), 3, "source_empty"),
    ("an output that is a folder", process("-i", "{clip}", "-f", "mp4", "folder"), 4, "target_is_folder"),
    ("no more time", process(*LONG, "b.mp4", timeout=0.5), 6, "timed_out"),
]


@pytest.mark.parametrize(("job", "code", "name"), [case[1:] for case in EXITS], ids=[case[0] for case in EXITS])
def test_the_exit_code_says_who_must_act(
    terminal: Terminal, clip: Path, job: dict[str, Any], code: int, name: str
) -> None:
    (terminal.here / "folder").mkdir()
    (terminal.here / "empty.mp4").touch()
    ended = terminal.run(json.loads(json.dumps(job).replace("{clip}", str(clip))))
    assert (ended.code, ended.json["code"]) == (code, name)
    assert f"Error: {ended.json['error']}\n" in ended.stderr
    assert f"  code:  {name}\n" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (terminal.here / "b.mp4").exists()
    assert terminal.leftovers() == []


def test_a_killed_ffmpeg_is_the_workers_fault(terminal: Terminal) -> None:
    name = f"killed-{os.getpid()}.mp4"
    (terminal.here / "job.json").write_text(json.dumps(process(*LONG, name)))
    with terminal.started("run", "job.json") as command:
        until(lambda: with_argument(name) != [], within_s=30)
        for pid in with_argument(name):
            os.kill(pid, signal.SIGKILL)
        stdout, _ = command.communicate(timeout=30)
    assert (command.returncode, json.loads(stdout)["code"]) == (5, "engine_killed")


def test_every_process_is_reported_and_the_first_failure_decides(terminal: Terminal, clip: Path) -> None:
    commands = [
        ["-i", str(clip), "-c", "copy", "good.mp4"],
        ["-i", str(clip), "-map", "0:9", "bad.mp4"],
        ["-i", str(clip), "-c:v", "nosuchencoder", "worse.mp4"],
    ]
    ended = terminal.run(
        {"action": "multi_process", "data": {"processes": [{"chainCmds": command} for command in commands]}}
    )
    assert (ended.code, ended.json["succeeded"], ended.json["failed"]) == (2, 1, 2)
    assert [report["success"] for report in ended.json["results"]] == [True, False, False]
    assert "where: process 1, command 0" in ended.stderr
    assert "where: process 2, command 0" in ended.stderr


@pytest.mark.parametrize("name", ["nothing.json", ".", "broken.json", "binary.json", "list.json"])
def test_an_unreadable_job_file(terminal: Terminal, name: str) -> None:
    (terminal.here / "broken.json").write_text('{"action": "probe", ')
    (terminal.here / "binary.json").write_bytes(b"\xff\xfe{}")
    (terminal.here / "list.json").write_text("[]")
    ended = terminal.call("run", name)
    assert (ended.code, ended.json["fault"]) == (2, "caller")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [("walk",), ("run",), ("probe", "--nosuch", "x"), ("vmaf", "a"), ("serve", "--ready-fd", "77")]
)
def test_wrong_arguments(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    ended = terminal.call(*arguments)
    assert (ended.code, ended.stdout) == (2, "")
    assert "Error: " in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "word"),
    [
        (("run", "-"), {"FFMPEG_PATH": "/nonexistent/ffmpeg"}, "FFMPEG_PATH"),
        (("run", "-"), {"MAX_CONCURRENCY": "none"}, "MAX_CONCURRENCY"),
        (("serve",), {"PORT": "sesame"}, "PORT"),
        (("serve", "--host", "0.0.0.0"), {}, "FFMPEG_WORKER_API_KEYS"),
        (("serve", "--port", "-1"), {}, "PORT"),
    ],
)
def test_misconfigured(
    terminal: Terminal, arguments: tuple[str, ...], variables: dict[str, str], word: str
) -> None:
    ended = terminal.call(*arguments, stdin='{"action": "probe", "data": {"input": "x"}}', env=variables)
    assert ended.code == 78
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_stopped_job_leaves_nothing_behind(terminal: Terminal, number: signal.Signals) -> None:
    name = f"stopped-by-{number.name}-{os.getpid()}.mp4"
    (terminal.here / "job.json").write_text(json.dumps(process(*LONG, name)))
    with terminal.started("run", "job.json") as command:
        until(lambda: with_argument(name) != [], within_s=30)
        os.killpg(command.pid, number)  # as a terminal does: everybody in the group gets it
        stdout, stderr = command.communicate(timeout=30)
    assert (command.returncode, json.loads(stdout)["code"]) == (130, "cancelled")
    assert "Traceback" not in stderr
    assert with_argument(name) == []
    assert terminal.leftovers() == []
    assert [path.name for path in terminal.here.iterdir()] == ["job.json"]


def test_a_reader_that_leaves_is_no_crash(terminal: Terminal, clip: Path) -> None:
    with terminal.started("probe", str(clip)) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.stderr is not None
        assert command.stderr.read() == ""
        assert command.wait(30) == 1


def test_the_version_is_told_without_loading_the_worker(terminal: Terminal) -> None:
    timed = [sys.executable, "-X", "importtime", *COMMAND[1:], "--version"]
    done = subprocess.run(timed, capture_output=True, text=True, check=True, cwd=terminal.here)
    assert done.stdout.startswith("ffmpeg-worker, version ")
    assert not {"pydantic", "rich", "fastapi", "asyncio"} & set(done.stderr.replace("|", " ").split())
