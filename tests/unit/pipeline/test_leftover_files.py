"""Files that no output stands for are found, but not inputs, passed files, or what the worker has placed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.leftover_files import describe_leftovers, find_leftovers
from ffmpeg_worker.planning.placed_files import InputLink, TextFile
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("lane", "found"),
    [
        (Lane(()), ["a.log", "f1.png", "s0.ts", "sub/b.txt"]),
        (Lane((), referenced_files=frozenset({"a.log"})), ["f1.png", "s0.ts", "sub/b.txt"]),
        (Lane((), passing_files=frozenset({"a-*", "f%d.png"})), ["a.log", "s0.ts", "sub/b.txt"]),
        (Lane((), passing_files=frozenset({"a*"})), ["f1.png", "s0.ts", "sub/b.txt"]),
        (Lane((), passing_files=frozenset({"x.m3u8"})), ["a.log", "f1.png", "sub/b.txt"]),
        (Lane((), intermediates=frozenset({"f%d.png"})), ["a.log", "f1.png", "s0.ts", "sub/b.txt"]),
        (Lane((), intermediates=frozenset({"f%d.png"}), delivers_all=True), ["a.log", "s0.ts", "sub/b.txt"]),
        (
            Lane((FfmpegStep(Invocation(()), setup=(TextFile("a.log", ""), InputLink("f1.png", "x"))),)),
            ["s0.ts", "sub/b.txt"],
        ),
    ],
)
def test_leftovers(tmp_path: Path, lane: Lane, found: list[str]) -> None:
    touch(tmp_path, "o.mp4", "a.log", "f1.png", "s0.ts", "sub/b.txt", ".hidden", f"{STAGING_FOLDER}/in.mp4")
    assert find_leftovers(tmp_path, lane, {"o.mp4"}) == found


def test_warnings_name_a_few() -> None:
    assert list(describe_leftovers([], "Do it.")) == []
    (one,) = describe_leftovers(["a.log"], "Do it.")
    assert one == 'The job also wrote "a.log", which the result does not contain. Do it.'
    (many,) = describe_leftovers([f"{number}.log" for number in range(8)], "Do it.")
    assert '"4.log" and 3 more' in many
    assert "5.log" not in many
