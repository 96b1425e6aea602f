"""Which options take a value; tests/media/test_flag_options.py compares the list with the embedded FFmpeg."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.flag_options import is_flag, option_name


@pytest.mark.parametrize(("token", "name"), [("-c:v:0", "c"), ("-an", "an"), ("--x", "x"), ("-", "")])
def test_name_of_an_option(token: str, name: str) -> None:
    assert option_name(token) == name


@pytest.mark.parametrize(
    ("token", "flag"), [("-y", True), ("-nostdin", True), ("-formats", True), ("-c:v", False)]
)
def test_flags_take_no_value(token: str, *, flag: bool) -> None:
    assert is_flag(token) is flag
