"""Which ffprobe options a `probe` job may contain."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import ForbiddenOption, InvalidJob
from ffmpeg_worker.planning.steps import ProbeStep
from support.jobs.plans import plan_job


def read_probe_options(tokens: str) -> tuple[str, ...]:
    data = {"input": "a.mp4"} | ({"chainCmds": tokens} if tokens else {})
    (lane,) = plan_job({"action": "probe", "data": data}).lanes
    (step,) = lane.steps
    assert isinstance(step, ProbeStep)
    return step.options


@pytest.mark.parametrize(
    ("tokens", "options"),
    [
        ("", ""),
        ("-show_packets -read_intervals %+1", "-show_packets -read_intervals %+1"),
        ("-v quiet -of json -hide_banner -show_frames", "-show_frames"),
        ("-print_format json -select_streams v:0 -count_frames", "-select_streams v:0 -count_frames"),
        ("-show_entries stream=codec_name:format=duration", "-show_entries stream=codec_name:format=duration"),
    ],
)
def test_accepted(tokens: str, options: str) -> None:
    assert read_probe_options(tokens) == tuple(options.split())


@pytest.mark.parametrize(
    ("tokens", "argument", "word"),
    [
        ("-o /tmp/x", "-o", "not accepted"),
        ("-i /etc/passwd", "-i", "not accepted"),
        ("-show_packet", "-show_packet", "-show_packets"),
        ("other.mp4", "other.mp4", "no option"),
        ("-show_entries", "-show_entries", "no value"),
        ("-/show_entries /etc/passwd", "-/show_entries", "not accepted"),
        ("-protocol_whitelist file,http", "-protocol_whitelist", "not accepted"),
    ],
)
def test_refused(tokens: str, argument: str, word: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_probe_options(tokens)
    assert caught.value.where == {"argument": argument}
    assert isinstance(caught.value, ForbiddenOption) == (word not in {"no option", "no value"})
    assert word in f"{caught.value.message} {caught.value.hint}"
