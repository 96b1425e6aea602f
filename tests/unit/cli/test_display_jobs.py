"""Queued jobs on a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.cli.display_jobs import event_of, show_job, show_jobs, show_log
from ffmpeg_worker.client import Job
from ffmpeg_worker.job.lifecycle import JobEvent, Stage

RUNNING = {"stage": "running", "percent": 12.5, "speed": 2.0, "a_field_of_tomorrow": 1}


@pytest.mark.parametrize(
    ("value", "event"),
    [
        ({"status": "running", "progress": RUNNING}, JobEvent(Stage.RUNNING, 12.5, speed=2.0)),
        ({"status": "queued"}, JobEvent(Stage.WAITING, 0)),
        ({"status": "running"}, None),
        ({"status": "running", "progress": {"stage": "of tomorrow", "percent": 1}}, None),
        ({"status": "running", "progress": {"stage": "running", "percent": None}}, None),
        ({"status": "running", "progress": "half"}, None),
    ],
)
def test_the_progress_of_a_job(value: dict[str, Any], event: JobEvent | None) -> None:
    assert event_of(value) == event


def show(capsys: pytest.CaptureFixture[str], **value: Any) -> tuple[str, str]:
    show_job(Job.from_json({"id": "j1", "status": "succeeded", "revision": 1, **value}))
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_job_is_shown_with_its_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    media = {"width": 64, "height": 36, "duration": 1.5, "codecs": ["mpeg4"]}
    output = {"name": "o.mp4", "path": "/x/o.mp4", "url": "https://h/o.mp4", "size": 2048, "media": media}
    times = {"started_at": "2026-01-01T00:00:00.000Z", "ended_at": "2026-01-01T00:00:02.500Z"}
    result = {"outputs": [output, {"name": "plain"}], "warnings": ["Take care."]}
    out, err = show(capsys, action="process", **times, result=result)
    assert [line.split() for line in out.splitlines()] == [
        ["id", "j1"],
        ["action", "process"],
        ["status", "succeeded"],
        ["seconds", "2.5"],
        ["file", "size", "media"],
        ["https://h/o.mp4", "2.0", "KiB", "64x36", "1.5", "s", "mpeg4"],
        ["plain", "0", "B"],
        ["Warning:", "Take", "care."],
    ]
    assert err == ""


def test_a_job_without_files_shows_its_result_and_a_failed_one_its_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = show(capsys, result={"score": 95.5})
    assert '"score": 95.5' in out
    _, err = show(capsys, error={"error": "It is so.", "code": "x", "fault": "caller"})
    assert "It is so." in err


def test_a_table_has_a_line_for_each_job(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"id": "j1", "status": "running", "action": "vmaf", "progress": RUNNING}
    show_jobs([Job.from_json(value), Job.from_json({"id": "j2", "status": "queued"})])
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["j1", "vmaf", "running", "12", "%", "running"]
    assert second.split() == ["j2", "queued"]


def test_a_log_names_the_command_of_each_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_log([{"number": 1, "attempt": 2, "lane": 0, "command": 1, "text": "a\nb\n"}])
    assert capsys.readouterr().out == "== attempt 2, process 0, command 1\na\nb\n"
