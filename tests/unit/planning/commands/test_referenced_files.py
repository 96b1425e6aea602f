"""Files that filters write are outputs; those that they read are not."""

from __future__ import annotations

import shlex

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.planning.commands.referenced_files import side_outputs


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
