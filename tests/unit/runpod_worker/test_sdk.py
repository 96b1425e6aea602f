"""RunPod's SDK, in a new process for each test: it reads its environment when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
HANDLER = ROOT / "runpod" / "handler.py"

LOAD_HANDLER = f"""
import asyncio, importlib.util, json, os, sys, time
specification = importlib.util.spec_from_file_location("fw_handler", {str(HANDLER)!r})
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)
from ffmpeg_worker.runpod_worker.sdk import load_sdk
"""
RUN_JOB = """
sdk = load_sdk()
run_job = sdk.serverless.modules.rp_job.run_job
print(json.dumps([asyncio.run(run_job(module.handler, job)) for job in json.loads(sys.argv[1])]))
"""
START = """
from ffmpeg_worker.runpod_worker.sdk import start_sdk
sdk = load_sdk()
given = {}
sdk.serverless.start = given.update
async def check(): pass
start_sdk(sdk, module.handler, [check], None, max_concurrency=int(sys.argv[1]))
limit = given["concurrency_modifier"]
from runpod.serverless.modules import rp_fitness
checks = [registered.__name__ for registered in rp_fitness._fitness_checks]
print(json.dumps([given["handler"] is module.handler, limit(1), limit(7), checks, os.environ["RUNPOD_LOG_LEVEL"]]))
"""
WITHOUT_SDK = """
sys.modules["runpod"] = None
from ffmpeg_worker.errors import Misconfigured
try:
    load_sdk()
except Misconfigured as error:
    print(json.dumps(error.hint))
"""


def run(tmp_path: Path, code: str, *arguments: str, **environment: str) -> Any:
    """What a program prints, last line, in an empty folder with a home of its own."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RUNPOD_", "FFMPEG_")) and name != "PYTHONPATH"
    }
    finished = subprocess.run(
        [sys.executable, "-c", LOAD_HANDLER + code, *arguments],
        env={**clean, "HOME": str(tmp_path), "FFMPEG_API_BASE_URL": "http://127.0.0.1:1/api", **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_the_folder_never_becomes_a_package_that_hides_the_sdk() -> None:
    assert HANDLER.is_file()
    assert not (HANDLER.parent / "__init__.py").exists()


def test_the_sdk_gets_an_error_as_text(tmp_path: Path) -> None:
    asked = [{}, {"action": "probee", "data": {}}, "nonsense"]
    results = run(tmp_path, RUN_JOB, json.dumps([{"id": "x", "input": value} for value in asked]))
    assert len(results) == len(asked)
    for result in results:
        assert isinstance(result["error"], str)
        assert result["output"]["details"]["fault"] == "caller"


def test_a_wrong_setting_is_an_answer_too(tmp_path: Path) -> None:
    (result,) = run(tmp_path, RUN_JOB, json.dumps([{"id": "x", "input": {}}]), FFMPEG_API_TIMEOUT="soon")
    assert "FFMPEG_API_TIMEOUT" in result["error"]


@pytest.mark.parametrize(("asked", "given"), [("1", 1), ("16", 16)])
def test_how_the_sdk_is_started(tmp_path: Path, asked: str, given: int) -> None:
    assert run(tmp_path, START, asked) == [True, given, given, ["check"], "INFO"]


def test_the_operators_log_level_stays(tmp_path: Path) -> None:
    assert run(tmp_path, START, "2", RUNPOD_LOG_LEVEL="ERROR")[-1] == "ERROR"


def test_without_the_sdk_it_says_what_to_install(tmp_path: Path) -> None:
    assert "with its dependencies" in run(tmp_path, WITHOUT_SDK)
