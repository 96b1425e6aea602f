"""Local test mode: reading the test input and printing the output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.runpod_worker.local_test import read_test_job, run_test_job
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

PROBE = {"path": "/ffmpeg/probe", "body": {"input": "a.mp4"}}
VMAF = {"action": "vmaf", "data": {"input1": "a", "input2": "b"}}


@pytest.mark.parametrize(
    ("content", "job"),
    [
        ({"input": PROBE}, {"id": "local_test", "input": PROBE}),
        ({"id": "mine", "input": VMAF}, {"id": "mine", "input": VMAF}),
        (PROBE, {"id": "local_test", "input": PROBE}),
        (VMAF, {"id": "local_test", "input": VMAF}),
        ([1], {"id": "local_test", "input": [1]}),
        ({}, {"id": "local_test"}),
    ],
)
def test_a_whole_job_or_its_input_alone(tmp_path: Path, content: Any, job: dict[str, Any]) -> None:
    path = tmp_path / "test_input.json"
    path.write_text(json.dumps(content))
    assert read_test_job(path) == job


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "test_input_unreadable", "No such file"),
        ("", "invalid_json", "is empty"),
        ('{"input": }', "invalid_json", "column 11"),
        ('{"input": NaN}', "invalid_json", "NaN"),
    ],
)
def test_a_file_that_is_not_a_job(tmp_path: Path, content: str | None, code: str, words: str) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidJob) as caught:
        read_test_job(path)
    assert caught.value.code == code
    assert str(path) in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize(("output", "status"), [({"success": True, "result": {"a": "é"}}, 0), ({"error": "x"}, 1)])
def test_the_output_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: dict[str, Any], status: int
) -> None:
    class FakeWorker:
        async def handle(self, job: dict[str, Any]) -> dict[str, Any]:
            return output if job["input"] == PROBE else {}

    path = tmp_path / "test_input.json"
    path.write_text(json.dumps(PROBE))
    assert run_test_job(path, lambda: cast(RunpodWorker, FakeWorker())) == status
    assert json.loads(capsys.readouterr().out) == output


def test_an_unreadable_file_opens_no_worker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def open_worker() -> RunpodWorker:
        raise AssertionError

    assert run_test_job(tmp_path / "nothing.json", open_worker) == 1
    assert json.loads(capsys.readouterr().out)["details"]["code"] == "test_input_unreadable"


def test_a_missing_test_input_names_those_that_are_there(tmp_path: Path) -> None:
    for name in ("test_input.json", "test-input-with-audio.json", "notes.txt"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(InvalidJob) as caught:
        read_test_job(tmp_path / "test-input-with-audoi.json")
    hint = str(caught.value.hint)
    assert 'Did you mean "test-input-with-audio.json"?' in hint
    assert "test-input-with-audio.json, test_input.json." in hint
    assert "notes.txt" not in hint


@pytest.mark.parametrize(("make", "words"), [(True, "no JSON files"), (False, "no such folder")])
def test_a_folder_without_test_inputs(tmp_path: Path, make: bool, words: str) -> None:
    folder = tmp_path / "empty"
    if make:
        folder.mkdir()
    with pytest.raises(InvalidJob) as caught:
        read_test_job(folder / "test_input.json")
    assert words in str(caught.value.hint)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "test_input.json"
    path.write_text(json.dumps({"input": PROBE}), encoding="utf-8-sig")
    assert read_test_job(path)["input"] == PROBE
