"""Files that filters write are outputs; those that they read are not. Names are found wherever they stand."""

from __future__ import annotations

import shlex

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.planning.commands.referenced_files import find_mentioned_names, side_outputs


@pytest.mark.parametrize(
    ("graph", "written"),
    [
        ("metadata=print:file=scenes.txt", ["scenes.txt"]),
        ("select=gt(scene\\,0.3),metadata@log=mode=print:file=scenes.txt", ["scenes.txt"]),
        ("metadata=print:file=-", []),
        ("lut3d=file=look.cube", []),
        ("vidstabdetect=result=shaky.trf", ["shaky.trf"]),
    ],
)
def test_files_that_filters_write(graph: str, written: list[str]) -> None:
    line = read_command_line(shlex.split(f"-i a.mp4 -vf {shlex.quote(graph)} -f null -"))
    assert list(side_outputs(line)) == written


def test_names_that_a_command_mentions() -> None:
    line = read_command_line(
        ["-i", "concat:a.ts|b.ts", "-vf", "subtitles='my subs.srt':x=1", "-segment_list", "./l.m3u8", "o%d.ts"]
    )
    assert {"a.ts", "b.ts", "my subs.srt", "l.m3u8"} <= {*find_mentioned_names(line)}
