"""Progress as the JSON that all doors share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from ffmpeg_worker.job.lifecycle import JobEvent, Stage

FULL = JobEvent(
    Stage.RUNNING,
    41.25,
    3.204,
    received_bytes=10,
    expected_bytes=20,
    sent_bytes=5,
    position=2,
    fps=96.04,
    eta_s=12.44,
    output="small.mp4",
)


def test_the_json_is_rounded_and_can_be_read_back() -> None:
    progress = FULL.as_json()
    assert progress == {
        "stage": "running",
        "percent": 41.2,
        "position": 2,
        "speed": 3.2,
        "fps": 96.0,
        "eta_s": 12.4,
        "output": "small.mp4",
        "received_bytes": 10,
        "expected_bytes": 20,
        "sent_bytes": 5,
    }
    assert progress.keys() == {field.name for field in fields(JobEvent)}
    assert JobEvent.from_json(progress).as_json() == progress


def test_what_is_not_known_is_left_out() -> None:
    progress = JobEvent(Stage.FETCHING, 0.0).as_json()
    assert progress == {"stage": "fetching", "percent": 0.0}
    assert JobEvent.from_json(progress) == JobEvent(Stage.FETCHING, 0.0)


@pytest.mark.parametrize(
    ("progress", "event"),
    [
        ({}, JobEvent(Stage.RUNNING, 0.0)),
        ({"stage": "packaging", "percent": 7, "new": 1}, JobEvent(Stage.RUNNING, 7.0)),
        ({"stage": ["done"], "percent": "7", "speed": True}, JobEvent(Stage.RUNNING, 0.0)),
        (
            {"stage": "done", "percent": float("nan"), "eta_s": -3, "position": 1.5},
            JobEvent(Stage.DONE, 0.0, eta_s=0.0),
        ),
        ({"stage": "waiting", "percent": 2, "output": 7, "sent_bytes": -1}, JobEvent(Stage.WAITING, 2.0)),
    ],
)
def test_json_of_another_version_is_read_as_far_as_possible(progress: dict[str, Any], event: JobEvent) -> None:
    assert JobEvent.from_json(progress) == event
