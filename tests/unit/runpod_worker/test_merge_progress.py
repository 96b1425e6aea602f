"""Progress of a split job from that of its parts."""

from __future__ import annotations

from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.runpod_worker.merge_progress import merge_progress
from ffmpeg_worker.runpod_worker.parts import Part
from ffmpeg_worker.runpod_worker.request import RunpodRequest

PARTS = [Part(begin, end, RunpodRequest("multi_process", b"{}")) for begin, end in [(0, 1), (1, 4)]]


def test_parts_count_by_their_processes_and_their_paces_add_up() -> None:
    first = JobEvent(Stage.RUNNING, 40.0, 2.0, fps=50.0, eta_s=5.0, output="a.mp4", sent_bytes=3)
    assert merge_progress(PARTS, {0: first}) == JobEvent(
        Stage.RUNNING, 10.0, 2.0, fps=50.0, output="a.mp4", sent_bytes=3
    )
    second = JobEvent(Stage.RUNNING, 80.0, 1.0, eta_s=9.0, output="b.mp4", sent_bytes=4, expected_bytes=9)
    assert merge_progress(PARTS, {0: first, 1: second}) == JobEvent(
        Stage.RUNNING,
        70.0,
        3.0,
        fps=50.0,
        eta_s=9.0,
        output="a.mp4",
        sent_bytes=7,
        expected_bytes=9,
    )


def test_a_part_that_has_ended_no_longer_counts_for_time_and_pace() -> None:
    done = JobEvent(Stage.DONE, 100.0, eta_s=0.0, output="a.mp4")
    second = JobEvent(Stage.RUNNING, 50.0, 1.0, eta_s=9.0, output="b.mp4")
    merged = merge_progress(PARTS, {0: done, 1: second})
    assert (merged.percent, merged.speed, merged.eta_s, merged.output) == (62.5, 1.0, 9.0, "b.mp4")
