"""The progress of a job in words, for the terminal."""

from __future__ import annotations

import pytest

from ffmpeg_worker.cli.display import describe_progress
from ffmpeg_worker.job.lifecycle import JobEvent, Stage


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        (
            JobEvent(Stage.RUNNING, 41.0, 3.21, fps=96.2, eta_s=12.2, output="small.mp4"),
            ["96 fps", "3.2x", "ETA 0:13", "small.mp4"],
        ),
        (JobEvent(Stage.RUNNING, 1.0, eta_s=3723.0), ["ETA 1:02:03"]),
        (JobEvent(Stage.FETCHING, 3.0, received_bytes=12_340_000, sent_bytes=1), ["12.3 MB"]),
        (JobEvent(Stage.DELIVERING, 97.0, sent_bytes=500_000, eta_s=0.0), ["ETA 0:00", "0.5 MB"]),
        (JobEvent(Stage.WAITING, 2.0, position=3), ["place 3"]),
        (JobEvent(Stage.DONE, 100.0, eta_s=0.0), []),
    ],
)
def test_what_is_known_is_shown(event: JobEvent, facts: list[str]) -> None:
    assert list(describe_progress(event)) == facts
