"""Numbers as ffprobe prints them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ffmpeg_worker.ffmpeg.probe.pyav_streams import bound_ratio, format_ratio, format_time


def test_a_time_has_six_decimals() -> None:
    assert format_time(1001, Fraction(1, 30000)) == "0.033367"
    assert format_time(-7, Fraction(1, 1000)) == "-0.007000"
    assert format_time(0, Fraction(1, 1000)) == "0.000000"


@pytest.mark.parametrize(("ticks", "time_base"), [(None, Fraction(1, 1000)), (1, None)])
def test_an_unknown_time_is_none(ticks: int | None, time_base: Fraction | None) -> None:
    assert format_time(ticks, time_base) is None


def test_a_ratio() -> None:
    assert format_ratio(Fraction(30000, 1001)) == "30000/1001"
    assert format_ratio(Fraction(16, 9), ":") == "16:9"
    assert format_ratio(None) is None


def test_an_aspect_ratio_is_bounded_as_libav_does() -> None:
    # What ffprobe prints of a 142x86 video with the sample aspect ratio 32761:32760.
    assert bound_ratio(Fraction(142 * 32761, 86 * 32760)) == Fraction(307801, 186409)
    assert bound_ratio(Fraction(16, 9)) == Fraction(16, 9)
    assert bound_ratio(Fraction(9, 16)) == Fraction(9, 16)
