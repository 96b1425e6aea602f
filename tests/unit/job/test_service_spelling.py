"""Tests of ffmpeg_worker.job.service_spelling, through the parser of jobs."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.parse import parse_action, parse_job

SENT: dict[str, Any] = {
    "input_files": {"in_1": "https://example.com/clip.mov"},
    "output_files": {"out_1": "small film.mp4", "out_2": "first.jpg"},
    "ffmpeg_command": "-i {{in_1}} -vf scale=640:-2 {{out_1}} -frames:v 1 <<out_2>>",
    "max_command_run_seconds": 120,
    "vcpu_count": 8,
    "metadata": {"order": 7},
}
SAME = {
    "action": "process",
    "data": {
        "chainCmds": ["-i", "{{in_1}}", "-vf", "scale=640:-2", "small film.mp4", "-frames:v", "1", "first.jpg"],
        "output": ["small film.mp4", "first.jpg"],
    },
    "inputs": {"in_1": "https://example.com/clip.mov"},
    "timeout": 120,
    "metadata": {"order": 7},
}


def as_sent(job: Any) -> Any:
    return job.model_copy(update={"notes": ()})


@pytest.mark.parametrize(
    "value",
    [SENT, {"input": SENT}, {"action": "process", "data": SENT}, {"path": "/ffmpeg/process", "body": SENT}],
)
def test_such_a_job_is_the_same_process_job(value: dict[str, Any]) -> None:
    job = parse_job(value)
    assert as_sent(job) == parse_job(SAME)
    assert len(job.notes) == 1
    assert "vcpu_count" in job.notes[0]


def test_it_runs_at_the_route_of_process() -> None:
    assert as_sent(parse_action("process", SENT)) == parse_job(SAME)


def test_several_commands_are_a_chain() -> None:
    sent = {
        "input_files": {"in_1": "a.mp4"},
        "output_files": {"out_1": "b.mkv", "out_2": "c.mp4"},
        "ffmpeg_commands": ["-i {{in_1}} -c copy {{out_1}}", "-i {{out_1}} {{out_2}}"],
    }
    same = {
        "action": "process",
        "data": {
            "chainCmds": [["-i", "{{in_1}}", "-c", "copy", "b.mkv"], ["-i", "b.mkv", "c.mp4"]],
            "output": ["b.mkv", "c.mp4"],
        },
        "inputs": {"in_1": "a.mp4"},
    }
    assert parse_job(sent) == parse_job(same)


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"ffmpeg_command": ["-i", "a"]}, "ffmpeg_command", "text"),
        ({"ffmpeg_command": ""}, "ffmpeg_command", "either"),
        ({"ffmpeg_commands": ["-i a.mp4 b.mp4"]}, "ffmpeg_command", "either"),
        ({"output_files": ["b.mp4"]}, "output_files", "file names"),
        ({"output_files": {"out_1": 5}}, "output_files", "file names"),
        ({"inputs": {"in_1": "b.mp4"}}, "inputs", "second time"),
        ({"chainCmds": "-i a.mp4 b.mp4"}, "chainCmds", "second time"),
        ({"output_file": {}}, "output_file", "output_file"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job({**SENT, **change})
    assert caught.value.where["field"] == field
    assert word in f"{caught.value.message} {caught.value.hint}"


def test_an_output_that_has_no_name_is_named() -> None:
    with pytest.raises(InvalidJob, match="out_1"):
        parse_job({"input_files": {"in_1": "a.mp4"}, "ffmpeg_command": "-i {{in_1}} {{out_1}}"})


def test_another_action_knows_no_such_fields() -> None:
    with pytest.raises(InvalidJob):
        parse_action("probe", SENT)
