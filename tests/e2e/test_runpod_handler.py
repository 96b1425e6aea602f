"""`python3 runpod/handler.py` as a process, and its handler with a real API."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.local_server import LocalServer
from ffmpeg_worker.runpod_worker.local_test import read_test_job
from ffmpeg_worker.runpod_worker.worker import RunpodWorker
from support.folders import is_written
from support.processes import alive, children_of, with_argument
from support.wait_until import until, until_async

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "runpod" / "handler.py"
LONG_JOB = {
    "action": "process",
    "data": {"chainCmds": "ffmpeg -f lavfi -i testsrc2=size=1280x720 -t 36000 -c:v libx264 long.mp4"},
}
WITHOUT_SDK = f"""
import runpy, sys
sys.modules["runpod"] = None
sys.argv[:] = [{str(HANDLER)!r}]
runpy.run_path({str(HANDLER)!r}, run_name="__main__")
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment variables with a data root and a home of their own."""
    return plain_environment(tmp_path)


def plain_environment(folder: Path) -> dict[str, str]:
    """The environment without the variables that change the handler's mode."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RUNPOD_", "FFMPEG_")) and name not in {"PORT", "ENV", "PYTHONPATH"}
    }
    chosen = {"FS_PATH": folder / "data", "FFMPEG_WORKER_SCRATCH_ROOT": folder / "scratch", "HOME": folder}
    return {**kept, **{name: str(path) for name, path in chosen.items()}}


def run(
    *arguments: str | Path, environment: dict[str, str], cwd: Path = ROOT
) -> tuple[int, Any, subprocess.CompletedProcess[str]]:
    """Run the handler; return exit status, printed response and the finished process."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    try:
        response = json.loads(finished.stdout)
    except ValueError:
        response = None
    return finished.returncode, response, finished


def test_shipped_examples_in_the_test_mode(environment: dict[str, str], tmp_path: Path) -> None:
    status, response, finished = run("runpod/handler.py", environment=environment)
    assert status == 0, finished.stderr
    output = response["result"]["outputs"][0]
    assert response["success"] is True
    assert (output["name"], output["media"]["width"], output["media"]["height"]) == ("test_input.mp4", 640, 360)
    assert (tmp_path / "data" / "test_input.mp4").stat().st_size == output["size"]
    lines = [json.loads(line) for line in finished.stderr.splitlines() if '"local_test"' in line]
    assert [line["event"] for line in lines] == ["job started", "api call", "job performance", "job finished"]

    chosen = {**environment, "TEST_INPUT_FILE_NAME": "test_input_probe.json"}
    status, response, finished = run(HANDLER, environment=chosen, cwd=tmp_path)
    assert status == 0, finished.stderr
    assert {"format", "streams"} <= response["result"].keys()


def test_the_sdk_is_not_needed(environment: dict[str, str], tmp_path: Path) -> None:
    status, response, finished = run("-c", WITHOUT_SDK, environment=environment, cwd=tmp_path)
    assert (status, response["success"]) == (0, True), finished.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "test_input_unreadable"),
        ('{"input": {"action": "probe", "data": {"input": "missing.mp4"}}}', "source_not_found"),
    ],
)
def test_a_failure_ends_with_status_1_and_says_why(
    environment: dict[str, str], tmp_path: Path, content: str | None, code: str
) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    status, response, finished = run(HANDLER, environment={**environment, "TEST_INPUT_FILE_NAME": str(path)})
    assert status == 1, finished.stderr
    assert isinstance(response["error"], str)
    assert response["details"]["code"] == code


def test_a_wrong_setting_ends_with_status_78(environment: dict[str, str]) -> None:
    status, _, finished = run(HANDLER, environment={**environment, "FFMPEG_API_TIMEOUT": "soon"})
    assert status == 78
    assert "FFMPEG_API_TIMEOUT" in finished.stderr


def test_the_sdks_own_test_input(environment: dict[str, str]) -> None:
    job = json.loads((ROOT / "runpod" / "test_input.json").read_text())
    status, _, finished = run(HANDLER, "--test_input", json.dumps(job), environment=environment)
    assert status == 0, finished.stderr
    assert "completed successfully" in finished.stdout
    job["input"]["data"]["chainCmds"] = ["-i", "missing.mp4", "test_input.mp4"]
    status, _, finished = run(HANDLER, "--test_input", json.dumps(job), environment=environment)
    assert status == 1
    assert "missing.mp4" in finished.stdout


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    children = children_of(pid)
    return [*children, *(below for child in children for below in descendants(child))]


def test_no_process_outlives_a_killed_handler(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text(json.dumps(LONG_JOB))
    chosen = {**environment, "TEST_INPUT_FILE_NAME": str(path)}
    with subprocess.Popen([sys.executable, HANDLER], env=chosen, stderr=subprocess.DEVNULL) as handler:
        until(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=30)
        below = descendants(handler.pid)
        assert len(below) >= 2
        handler.kill()
        until(lambda: not any(alive(pid) for pid in below), within_s=10)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """An API in a child process, with a data root of its own."""
    folder = tmp_path_factory.mktemp("runpod")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in plain_environment(folder).items():
            patch.setenv(name, value)
        server = LocalServer(os.environ)
        server.start()
        until(lambda: server.base_url() is not None, within_s=30)
    yield server
    server.close()


@pytest.fixture
def worker(api: LocalServer) -> RunpodWorker:
    """A handler with that API."""
    return RunpodWorker(ApiClient(api, timeout_s=60), 1 << 20)


async def test_every_shipped_example_one_after_another(worker: RunpodWorker) -> None:
    keys = {"": {"outputs"}, "_multi_process": {"results"}, "_probe": {"format", "streams"}, "_vmaf": {"score"}}
    assert {path.name for path in HANDLER.parent.glob("test_input*.json")} == {f"test_input{n}.json" for n in keys}
    for name, expected in keys.items():
        response = await worker.handle(read_test_job(HANDLER.parent / f"test_input{name}.json"))
        assert response.get("success") is True, response
        assert expected <= response["result"].keys()
        assert response["result"].get("failed", 0) == 0


MAKE_CLIP = "ffmpeg -f lavfi -i testsrc2=size=320x180:rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p clip.mp4"


async def test_an_api_that_crashes_fails_one_job_and_not_the_worker(
    api: LocalServer, worker: RunpodWorker
) -> None:
    assert api._process is not None
    crashed = api._process.pid
    running = asyncio.create_task(worker.handle({"id": "long", "input": LONG_JOB}))
    await until_async(lambda: not {*descendants(crashed)}.isdisjoint(with_argument("long.mp4")))
    os.kill(crashed, signal.SIGKILL)
    response = await running
    assert (response["details"]["code"], response["details"]["retryable"]) == ("api_unreachable", True)
    # A connection that the dying process accepted fails; later jobs wait for the next process.
    await until_async(lambda: not Path(f"/proc/{crashed}").exists())  # with all its threads
    job = {"action": "process", "data": {"chainCmds": MAKE_CLIP}}
    response = await worker.handle({"id": "next", "input": job})
    assert response.get("success") is True, response


SAMPLE = "ENV=development\n\nVERSION=1.0.1\nTEST_INPUT_FILE_NAME=test-input-with-audio.json\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the handler, its test inputs and the sample `.env`."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "runpod", folder / "runpod", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").touch()
    (folder / ".env").write_text(SAMPLE)
    return folder


def shrink_composition(path: Path) -> None:
    """Make the video of a test job small, with few frames."""
    job = json.loads(path.read_text())
    job["input"]["body"]["json"] |= {"width": 128, "height": 72, "fps": 5}
    path.write_text(json.dumps(job))


@pytest.mark.parametrize("place", [".", pytest.param("runpod", marks=pytest.mark.nightly), "elsewhere"])
def test_the_sample_environment_renders_pictures_with_sounds(
    environment: dict[str, str], checkout: Path, place: str
) -> None:
    del environment["FS_PATH"]
    if place != ".":  # the job as it is shipped is rendered once
        shrink_composition(checkout / "runpod/test-input-with-audio.json")
    here = checkout.parent / place if place == "elsewhere" else checkout / place
    here.mkdir(exist_ok=True)
    handler = Path(os.path.relpath(checkout / "runpod/handler.py", here))
    status, response, finished = run(handler, environment=environment, cwd=here)
    assert status == 0, finished.stderr
    [output] = response["result"]["outputs"]
    assert output["path"] == str(checkout / "data/test-input-with-audio.mp4")
    assert output["media"]["codecs"] == ["h264", "aac"]
    assert (output["media"]["duration"], response["result"]["warnings"]) == (6.0, [])
    assert [path.name for path in here.iterdir() if path.name == "data"] == (["data"] if place == "." else [])


def test_a_wrong_name_of_a_test_input_lists_those_that_are_there(
    environment: dict[str, str], checkout: Path
) -> None:
    (checkout / ".env").write_text(SAMPLE.replace("audio", "audoi"))
    status, response, _ = run("runpod/handler.py", environment=environment, cwd=checkout)
    assert (status, response["details"]["code"]) == (1, "test_input_unreadable")
    assert response["details"]["error"] == response["error"]
    for path in (checkout / "runpod").glob("*.json"):
        assert path.name in response["details"]["hint"]


def test_the_installed_command_does_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    job = {"path": "/ffmpeg/probe", "body": {"input": "missing.mp4"}}
    (tmp_path / "test_input.json").write_text(json.dumps({"input": job}))
    status, response, finished = run("-m", "ffmpeg_worker", "runpod", environment=environment, cwd=tmp_path)
    assert (status, response["details"]["code"]) == (1, "source_not_found"), finished.stderr


def test_the_output_of_a_test_job_may_have_no_reader(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, str(HANDLER)]
    missing = {**environment, "TEST_INPUT_FILE_NAME": "missing.json"}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command, env=missing, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, "Traceback" in ended.stderr) == (4, False)
