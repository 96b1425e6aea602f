"""The command line as real processes: output, exit codes, signals."""

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
from support.processes import alive, with_argument
from support.programs.terminal import COMMAND, Terminal, new_terminal
from support.wait_until import until

LONG = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=3600", "-c:v", "mpeg4"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a clip of one second, 160x90."""
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=1)


@pytest.fixture(scope="module")
def blurred(clip: Path) -> Path:
    """The path of a blurred copy of the clip."""
    return make(clip.with_name("blurred.mp4"), "-i", str(clip), "-vf", "gblur=sigma=2", "-c:a", "copy")


def process(*tokens: str, **common: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": list(tokens)}, **common}


def test_a_job_runs_in_the_current_folder_and_prints_json_into_a_pipe(terminal: Terminal, clip: Path) -> None:
    ended = terminal.run(process("-i", str(clip), "-vf", "scale=80:-2", "small.mp4", metadata={"order": 7}))
    assert (ended.code, ended.stderr) == (0, "")
    [output] = ended.json["outputs"]
    assert (output["path"], output["media"]["width"]) == (str(terminal.here / "small.mp4"), 80)
    assert ended.json["metadata"] == {"order": 7}
    assert [path.name for path in terminal.here.iterdir()] == ["small.mp4"]
    assert terminal.leftovers() == []


def test_the_other_spelling_from_a_file_with_another_data_root(terminal: Terminal, clip: Path) -> None:
    body = {"chainCmds": f"ffmpeg -i {clip} -c copy copy.mp4"}
    (terminal.here / "job.json").write_text(json.dumps({"path": "/ffmpeg/process", "body": body}))
    ended = terminal.call("run", "job.json", "--root", "elsewhere", env={"FS_PATH": "/nonexistent"})
    assert ended.code == 0
    assert (terminal.here / "elsewhere/copy.mp4").stat().st_size == ended.json["outputs"][0]["size"]


def test_a_terminal_shows_a_summary(terminal: Terminal, clip: Path) -> None:
    (terminal.here / "job.json").write_text(json.dumps(process("-i", str(clip), "-c", "copy", "[bold] copy.mp4")))
    code, seen = terminal.watched("run", "job.json")
    assert code == 0
    assert str(terminal.here / "[bold] copy.mp4") in seen
    assert "160x90 1.0 s h264, aac" in seen
    assert '"outputs"' not in seen


def test_json_on_a_terminal(terminal: Terminal, clip: Path) -> None:
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


EXITS = {
    "an unknown encoder": (process("-i", "{clip}", "-c:v", "libx2645", "b.mp4"), 2, "encoder_unknown"),
    "a timeout": (process(*LONG, "b.mp4", timeout=0.5), 6, "timed_out"),
}


@pytest.mark.parametrize(("job", "code", "name"), EXITS.values(), ids=EXITS)
def test_a_failed_job_has_an_exit_code_and_leaves_nothing_behind(
    terminal: Terminal, clip: Path, job: dict[str, Any], code: int, name: str
) -> None:
    ended = terminal.run(json.loads(json.dumps(job).replace("{clip}", str(clip))))
    assert (ended.code, ended.json["code"]) == (code, name)
    assert f"Error: {ended.json['error']}\n" in ended.stderr
    assert f"  code:  {name}\n" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (terminal.here / "b.mp4").exists()
    assert terminal.leftovers() == []


def test_an_ffmpeg_that_is_killed_twice(terminal: Terminal) -> None:
    name = f"killed-{os.getpid()}.mp4"
    (terminal.here / "job.json").write_text(json.dumps(process(*LONG, name)))
    with terminal.started("run", "job.json") as command:
        for _ in range(2):
            until(lambda: with_argument(name) != [], within_s=30)
            [pid] = with_argument(name)
            os.kill(pid, signal.SIGKILL)
            until(lambda: not alive(pid))  # noqa: B023 - called here only
        stdout, _ = command.communicate(timeout=30)
    assert (command.returncode, json.loads(stdout)["code"]) == (5, "engine_killed")


def test_an_ffmpeg_that_cannot_be_started(terminal: Terminal) -> None:
    job = {"action": "probe", "data": {"input": "x"}}
    ended = terminal.run(job, env={"FFMPEG_PATH": "/nonexistent/ffmpeg"})
    assert ended.code == 78
    assert "FFMPEG_PATH" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_stopped_job_leaves_nothing_behind(terminal: Terminal) -> None:
    name = f"stopped-{os.getpid()}.mp4"
    (terminal.here / "job.json").write_text(json.dumps(process(*LONG, name)))
    with terminal.started("run", "job.json") as command:
        until(lambda: with_argument(name) != [], within_s=30)
        os.killpg(command.pid, signal.SIGINT)  # a terminal signals the whole process group
        stdout, stderr = command.communicate(timeout=30)
    assert (command.returncode, json.loads(stdout)["code"]) == (130, "cancelled")
    assert "Traceback" not in stderr
    assert with_argument(name) == []
    assert terminal.leftovers() == []
    assert [path.name for path in terminal.here.iterdir()] == ["job.json"]


def test_a_closed_pipe_is_not_a_crash(terminal: Terminal, clip: Path) -> None:
    with terminal.started("probe", str(clip)) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.stderr is not None
        assert command.stderr.read() == ""
        assert command.wait(30) == 1


def test_the_version_is_printed_without_loading_the_worker(terminal: Terminal) -> None:
    timed = [sys.executable, "-X", "importtime", *COMMAND[1:], "--version"]
    done = subprocess.run(timed, capture_output=True, text=True, check=True, cwd=terminal.here)
    assert done.stdout.startswith("ffmpeg-worker, version ")
    assert not {"pydantic", "rich", "fastapi", "asyncio"} & set(done.stderr.replace("|", " ").split())


NO_ROOM = "Error: Standard output cannot be written: No space left on device."


@pytest.mark.parametrize(
    "arguments", [("probe", "CLIP"), ("probe", "missing.mp4"), ("run", "job.json"), ("settings",), ("--help",)]
)
def test_a_full_disk_is_a_sentence(terminal: Terminal, clip: Path, arguments: tuple[str, ...]) -> None:
    (terminal.here / "job.json").write_text(json.dumps({"action": "probe", "data": {"input": str(clip)}}))
    with Path("/dev/full").open("w") as full:
        words = [str(clip) if word == "CLIP" else word for word in arguments]
        ended = terminal.call(*words, stdout=full.fileno())
    assert NO_ROOM in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.code == 4


@pytest.mark.parametrize(("unbuffered", "name"), [("", "--help"), ("1", "settings")])
def test_a_full_disk_is_a_sentence_of_a_new_process_too(terminal: Terminal, unbuffered: str, name: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, name],
            cwd=terminal.here,
            env=terminal.environment(PYTHONUNBUFFERED=unbuffered),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=90,
        )
    assert (ended.returncode, NO_ROOM in ended.stderr, "Traceback" in ended.stderr) == (4, True, False)


@pytest.mark.parametrize("arguments", [("probe", "missing.mp4"), ("settings",), ("--help",)])
def test_a_reader_that_went_away_is_no_error(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    ended = terminal.call(*arguments, stdout=theirs)
    os.close(theirs)
    assert (ended.code, "Traceback" in ended.stderr) == (1, False)


def test_messages_that_cannot_be_written_change_nothing(terminal: Terminal) -> None:
    with Path("/dev/full").open("w") as full:
        ended = terminal.call("probe", "missing.mp4", stderr=full.fileno())
    assert (ended.code, ended.json["code"]) == (3, "source_not_found")


@pytest.mark.parametrize("name", ["/etc/passwd", "/proc", "/proc/nothing"])
def test_an_unusable_data_root_is_a_wrong_setting(terminal: Terminal, name: str) -> None:
    ended = terminal.call("serve", "--port", "0", env={"FS_PATH": name})
    assert (ended.code, "Traceback" in ended.stderr) == (78, False)
    assert f"The data root {name} cannot be used: " in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"), [((), "in the current folder"), (("--root", "x"), "in the folder x")]
)
def test_errors_name_the_folder_that_the_user_knows(
    terminal: Terminal, options: tuple[str, ...], words: str
) -> None:
    ended = terminal.run(process("-i", "missing.mp4", "o.mp4"), *options)
    assert words in ended.json["hint"]
    assert "data root" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"{", "is not JSON"), ("{}".encode("utf-16"), "UTF-16"), (b"\xff{}", "not UTF-8")],
)
def test_a_job_file_that_is_no_json_is_named(terminal: Terminal, content: bytes, words: str) -> None:
    (terminal.here / "job.json").write_bytes(content)
    ended = terminal.call("run", "job.json")
    assert (ended.code, ended.json["error"].startswith("The job file job.json ")) == (2, True)
    assert words in ended.json["error"]
    assert "Content-Type" not in ended.stdout


def test_a_request_for_runpod_with_a_byte_order_mark_is_a_job(terminal: Terminal, clip: Path) -> None:
    job = {"input": {"action": "probe", "data": {"input": str(clip)}}}
    (terminal.here / "job.json").write_text(json.dumps(job), encoding="utf-8-sig")
    ended = terminal.call("run", "job.json")
    assert (ended.code, ended.json["format"]["format_name"]) == (0, "mov,mp4,m4a,3gp,3g2,mj2")


def test_every_process_failed(terminal: Terminal) -> None:
    job = {"action": "multi_process", "data": {"processes": [{"chainCmds": "-i missing.mp4 o.mp4"}]}}
    ended = terminal.run(job)
    assert (ended.code, ended.json["code"]) == (3, "all_processes_failed")
    assert ended.json["results"][0]["error"]["code"] == "source_not_found"
