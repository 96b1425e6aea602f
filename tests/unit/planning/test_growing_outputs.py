"""Outputs that can be uploaded while FFmpeg writes them."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.growing_outputs import find_growing_outputs
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep


def growing(command: str, *names: str, **facts: Any) -> list[str]:
    lane = Lane((FfmpegStep(Invocation(tuple(command.split()))),), tuple(Artifact(n, n, **facts) for n in names))
    return [artifact.name for artifact in find_growing_outputs(lane)]


@pytest.mark.parametrize(
    "options",
    ["", "-movflags frag_keyframe+empty_moov", "-cues_to_front 0", "-f matroska", "-metadata title=faststart"],
)
def test_a_file_that_is_written_in_order(options: str) -> None:
    assert growing(f"-i in.mp4 {options} out.mp4", "out.mp4") == ["out.mp4"]


@pytest.mark.parametrize(
    "options",
    [
        "-movflags +faststart",
        "-movflags frag_keyframe+faststart",
        "-movflags:0 faststart",
        "-cues_to_front 1",
        "-flvflags add_keyframe_index",
    ],
)
def test_a_file_whose_index_moves_to_the_front(options: str) -> None:
    assert growing(f"-i in.mp4 {options} out.mp4", "out.mp4") == []
    assert growing(f"-i in.mp4 {options} file:out.mp4", "out.mp4") == []


def test_options_belong_to_the_next_output() -> None:
    command = "-i in.mp4 a.mp4 -movflags +faststart b.mp4 c.mp4"
    assert growing(command, "a.mp4", "b.mp4", "c.mp4") == ["a.mp4", "c.mp4"]


@pytest.mark.parametrize(
    "facts",
    [{"kind": ArtifactKind.PLAYLIST}, {"kind": ArtifactKind.SEQUENCE}, {"is_side": True}, {"is_copy": True}],
)
def test_other_outputs(facts: dict[str, Any]) -> None:
    assert growing("-i in.mp4 out.mp4", "out.mp4", **facts) == []


def dependent(_results: object, _files: object) -> FfmpegStep:
    return FfmpegStep(Invocation(("a.mp4",)))


def test_options_that_are_not_known_yet() -> None:
    first = FfmpegStep(Invocation(tuple("-i in.mp4 b.mp4 -movflags faststart c.mp4".split())))
    artifacts = tuple(Artifact(name, name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    found = find_growing_outputs(Lane((first, DependentStep(dependent)), artifacts))
    assert [artifact.name for artifact in found] == ["b.mp4"]
    assert find_growing_outputs(Lane((DependentStep(dependent),), artifacts[:1])) == ()
