"""Reports of `-progress`, as FFmpeg 5.1 and 9 print them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.progress import Progress, ProgressReader

VIDEO = b"""\
frame=25
fps=12.50
stream_0_0_q=28.0
bitrate= 812.3kbits/s
total_size=4096
out_time_us=1960000
out_time_ms=1960000
out_time=00:00:01.960000
dup_frames=0
drop_frames=0
speed=87.4x
progress=continue
"""
NOTHING_YET = b"bitrate=N/A\ntotal_size=N/A\nout_time_us=N/A\nout_time_ms=N/A\nspeed=N/A\nprogress=continue\n"


def test_a_report() -> None:
    assert ProgressReader().feed(VIDEO) == [Progress(25, 1.96, 87.4, 12.5, ended=False)]


def test_frames_per_second_follow_from_the_speed_where_ffmpeg_reports_none_yet() -> None:
    [report] = ProgressReader().feed(VIDEO.replace(b"fps=12.50", b"fps=0.00"))
    assert report.fps == pytest.approx(25 / (1.96 / 87.4))


def test_unknown_values_are_none() -> None:
    assert ProgressReader().feed(NOTHING_YET) == [Progress()]


def test_the_last_report_and_unusual_numbers() -> None:
    reader = ProgressReader()
    [report] = reader.feed(b"frame=inf\nout_time_us=-23220\nspeed=1.2e+03x\nprogress=end\n")
    assert report == Progress(out_time_s=-0.02322, speed=1200.0, ended=True)


def test_a_report_has_no_values_of_the_previous_one() -> None:
    assert ProgressReader().feed(VIDEO + NOTHING_YET)[1] == Progress()


def test_a_stream_without_lines_is_not_kept() -> None:
    reader = ProgressReader()
    for _ in range(100):
        assert reader.feed(b"x" * 65536) == []
    assert reader.feed(b"\n" + VIDEO) == ProgressReader().feed(VIDEO)
