"""Errors on the command line: exit codes, text on stderr, problems on stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.cli.problems import exit_code
from ffmpeg_worker.codes import CODES, Fault
from ffmpeg_worker.errors import (
    EngineFailed,
    EngineKilled,
    EngineTimedOut,
    InvalidJob,
    JobCancelled,
    Misconfigured,
    SourceNotFound,
    TargetForbidden,
    UnsupportedFeature,
    WorkerError,
)
from ffmpeg_worker.job.actions.multi_process import MultiProcessResult

JOB = {"action": "probe", "data": {"input": "a.mp4"}}


def write_job(folder: Path, job: Any = JOB) -> str:
    (folder / "job.json").write_text(json.dumps(job))
    return "job.json"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidJob("No."), 2),
        (UnsupportedFeature("No."), 2),
        (EngineFailed("No.", code="encoder_unknown"), 2),
        (SourceNotFound("No."), 3),
        (TargetForbidden("No."), 4),
        (EngineKilled("No."), 5),
        (WorkerError("No."), 5),
        (EngineTimedOut("No."), 6),
        (Misconfigured("No."), 78),
        (JobCancelled("No."), 130),
    ],
    ids=lambda value: value.code if isinstance(value, WorkerError) else str(value),
)
def test_the_exit_code_says_who_must_act(
    call: Any, runs: Any, tmp_path: Path, error: WorkerError, code: int
) -> None:
    runs.end = error
    ended = call("run", write_job(tmp_path))
    assert (ended.code, ended.json) == (code, error.as_problem())
    assert ended.stderr == f"Error: No.\n  code:  {error.code}\n"


def test_every_code_has_an_exit_code() -> None:
    for code in CODES.values():
        assert exit_code(code.name, code.fault) in {2, 3, 4, 5, 6, 78, 130}
    assert {exit_code("x", fault) for fault in Fault} == {2, 3, 4, 5, 78}


def test_the_text_of_an_error_has_place_hint_and_the_last_lines_of_ffmpeg(
    call: Any, runs: Any, tmp_path: Path
) -> None:
    stderr = "\n".join(f"line {number}" for number in range(20))
    runs.end = EngineFailed("No.", hint="Use another.", where={"command": 1, "argument": "-c:v"}, stderr=stderr)
    lines = call("run", write_job(tmp_path)).stderr.splitlines()
    assert lines[:4] == [
        "Error: No.",
        "  where: command 1, argument -c:v",
        "  hint:  Use another.",
        "  code:  engine_failed",
    ]
    assert lines[4:] == [f"  | line {number}" for number in range(12, 20)]


def test_a_defect_is_a_problem_too(call: Any, runs: Any, tmp_path: Path) -> None:
    runs.end = RuntimeError("oops")
    ended = call("run", write_job(tmp_path))
    assert (ended.code, ended.json["code"]) == (5, "worker_error")
    assert "RuntimeError: oops" in ended.stderr
    assert "oops" not in ended.stdout


@pytest.mark.parametrize("name", ["nothing.json", ".", "broken.json", "binary.json", "list.json"])
def test_an_unreadable_job_file(call: Any, runs: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.json").write_text('{"action": "probe", ')
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "list.json").write_text("[]")
    ended = call("run", name)
    assert (ended.code, ended.json["fault"], runs.jobs) == (2, "caller", [])
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [("walk",), ("run",), ("probe", "--nosuch", "x"), ("vmaf", "a"), ("serve", "--ready-fd", "77")]
)
def test_invalid_arguments(call: Any, arguments: tuple[str, ...]) -> None:
    ended = call(*arguments)
    assert (ended.code, ended.stdout) == (2, "")
    assert "Error: " in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "word"),
    [
        (("run", "job.json"), {"MAX_CONCURRENCY": "none"}, "MAX_CONCURRENCY"),
        (("serve",), {"PORT": "sesame"}, "PORT"),
        (("serve", "--host", "0.0.0.0"), {}, "FFMPEG_WORKER_API_KEYS"),
        (("serve", "--port", "-1"), {}, "PORT"),
    ],
)
def test_invalid_settings(
    call: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    word: str,
) -> None:
    write_job(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ended = call(*arguments)
    assert ended.code == 78
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_failed_process_is_reported_and_the_first_decides_the_exit_code(
    call: Any, runs: Any, tmp_path: Path
) -> None:
    problems = [
        {"error": "No input.", "code": "source_not_found", "fault": "source", "retryable": False},
        {"error": "No encoder.", "code": "encoder_unknown", "fault": "caller", "retryable": False},
    ]
    reports: list[Any] = [{"index": 0, "success": True, "outputs": [], "stats": {"seconds": 1.0}, "warnings": []}]
    reports += [
        {
            "index": index,
            "success": False,
            "outputs": [],
            "warnings": [],
            "error": {**problem, "where": {"process": index}},
        }
        for index, problem in enumerate(problems, 1)
    ]
    document = {"results": reports, "succeeded": 1, "failed": 2, "outputs": [], "stats": {"seconds": 1.0}}
    runs.end = MultiProcessResult.model_validate_json(json.dumps({**document, "warnings": []}))
    ended = call("run", write_job(tmp_path))
    assert (ended.code, ended.json["failed"]) == (3, 2)
    assert "Error: No input.\n  where: process 1\n" in ended.stderr
    assert "Error: No encoder.\n  where: process 2\n" in ended.stderr
