"""Outputs are sent while they grow, once the options of their commands are known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.pipeline import upload_growing as module
from ffmpeg_worker.pipeline.deliver import LaneDelivery
from ffmpeg_worker.pipeline.upload_growing import upload_growing
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep
from support.wait_until import until_async

MEASURE = FfmpegStep(Invocation(tuple("-i in.mov -af volumedetect -f null -".split())))
LATER = DependentStep(lambda _results, _files: MEASURE)
OUTPUTS = (Artifact("a.mov", "a.mov"), Artifact("b.mov", "b.mov"))


class Followed(set[str]):
    """A delivery that notes what is followed."""

    looks = 0
    expected: tuple[str, ...] = ()

    def expect_growing(self, names: Iterable[str]) -> None:
        self.expected = tuple(names)

    def follow(self, name: str, _folder: Path, _work_name: str) -> None:
        self.looks += 1
        self.add(name)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.001)


async def test_a_command_that_depends_on_another_is_watched_when_it_begins(tmp_path: Path) -> None:
    delivery = Followed()
    lane = Lane((MEASURE, LATER), OUTPUTS)
    async with upload_growing(lane, tmp_path, cast(LaneDelivery, delivery)) as begin_step:
        begin_step(0, MEASURE)
        assert delivery == set()
        assert delivery.expected == ("a.mov", "b.mov")
        command = "-i in.mov a.mov -movflags +faststart b.mov"
        begin_step(1, FfmpegStep(Invocation(tuple(command.split()))))
        await until_async(lambda: delivery.looks > 3)
    assert delivery == {"a.mov"}
