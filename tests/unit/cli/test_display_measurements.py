"""Measurements on a terminal: a line for each filter, and tables of a readable size."""

from __future__ import annotations

import math

import pytest

from ffmpeg_worker.cli.display_measurements import show_measurements
from ffmpeg_worker.job.result_parts import CommandLog
from ffmpeg_worker.measurements.comparison import PsnrMeasurement
from ffmpeg_worker.measurements.intervals import SilencedetectMeasurement, TimeInterval
from ffmpeg_worker.measurements.levels import AstatsMeasurement, AudioStatistics
from ffmpeg_worker.measurements.metadata import FrameMetadata, MetadataMeasurement, NumberSummary


def test_findings_are_a_table_of_the_first_ones(capsys: pytest.CaptureFixture[str]) -> None:
    silences = tuple(TimeInterval(start=float(n), end=n + 0.5, duration=0.5) for n in range(25))
    found = SilencedetectMeasurement(command=0, instance="silencedetect@a", count=25, silences=silences)
    show_measurements([found], [CommandLog(command=0, log="silence_start: 0")])
    first, heading, *rows, more = capsys.readouterr().out.splitlines()
    assert first == "silencedetect (silencedetect@a): count 25"
    assert heading.split() == ["start", "end", "duration"]
    assert (len(rows), rows[3].split()) == (20, ["3", "3.5", "0.5"])
    assert "5 more silences" in more


def test_facts_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_measurements([PsnrMeasurement(command=0, average=math.inf, min=31.5, planes={"y": 32.0})], None)
    assert capsys.readouterr().out.splitlines() == ["psnr: average not finite, min 31.5", "  planes: y 32"]


def test_wide_rows_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    wide = AudioStatistics(**dict.fromkeys(list(AudioStatistics.model_fields)[1:12], 1.0))
    show_measurements([AstatsMeasurement(command=0, channels=(wide,))], None)
    assert capsys.readouterr().out.splitlines()[1].startswith("  channels: dc_offset 1, min_level 1")


def test_of_metadata_the_summary_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    frame = FrameMetadata(frame=0, time=0.0, values={"k": 1.0})
    summary = {"k": NumberSummary(count=1, min=1.0, max=1.0, mean=1.0)}
    show_measurements([MetadataMeasurement(command=0, frame_count=1, frames=(frame,), summary=summary)], None)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["metadata:", "frame_count", "1"],
        ["summary", "count", "min", "max", "mean"],
        ["k", "1", "1", "1", "1"],
    ]


def test_a_log_is_shown_where_nothing_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    show_measurements(None, [CommandLog(command=0, log="DR: 7")])
    assert capsys.readouterr().out == "DR: 7\n"
