"""Every option that the policy knows to write a file is delivered by somebody."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.filter_graph import read_filter_graph
from ffmpeg_worker.planning.option_policy.filters import FILTER_OPTIONS
from ffmpeg_worker.planning.option_policy.rule import ValueKind
from ffmpeg_worker.planning.option_policy.written_files import (
    PASS_LOG_OPTIONS,
    PLAYLIST_OPTIONS,
    WRITING_OPTIONS,
    find_written_files,
)

FILTER_NAMES = [name for rule in FILTER_OPTIONS if rule.kind is ValueKind.WRITE for name in rule.names]


@pytest.mark.parametrize("name", FILTER_NAMES)
def test_options_of_filters(name: str) -> None:
    filter_name, _, option = name.partition(".")
    (found,) = read_filter_graph(f"{filter_name}=enable=1:{option}=a/b.log")
    assert list(find_written_files(found)) == ["a/b.log"]


def test_options_of_commands() -> None:
    """A new option of this kind must be put into one of the three sets."""
    assert {"dump_attachment", "segment_header_filename", "segment_list", "vstats_file"} == WRITING_OPTIONS
    assert not WRITING_OPTIONS & (PLAYLIST_OPTIONS | PASS_LOG_OPTIONS)


@pytest.mark.parametrize("graph", ["lut3d=a.cube", "scale=1:2", "nosuch=a.log", "psnr", "paletteuse=bayer:3:0"])
def test_others_write_nothing(graph: str) -> None:
    (found,) = read_filter_graph(graph)
    assert list(find_written_files(found)) == []
