"""Facts and limits that all jobs of a worker share."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ffmpeg_worker.errors import SourceTooLarge
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.job.machine import NO_GPU, Gpu, Machine
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.resources import WorkerResources


class Capable:
    """Tools whose ffmpeg has these filters."""

    def __init__(self, *filters: str) -> None:
        self.capabilities = self
        self.filters = frozenset(filters)


class Trial:
    """A GPU trial that counts how often it is asked for."""

    asked = 0

    async def gpu(self) -> Gpu:
        self.asked += 1
        return Gpu(1, "NVIDIA L4")


def resources(tools: Capable, trial: Trial) -> WorkerResources:
    doubles: dict[str, Any] = dict.fromkeys(("prober", "reads", "renderer", "scratch", "stores"))
    return WorkerResources(
        tools=cast(Any, tools),
        gpu=cast(Any, trial),
        slots=FairSlots(1),
        quota=Quota(1, 1, 1),
        cores=3,
        max_input_bytes=100,
        option_policy=False,
        **doubles,
    )


@pytest.mark.parametrize(("filters", "draws_ass"), [(("ass", "scale"), True), (("scale",), False)])
def test_the_machine_without_its_gpu(filters: tuple[str, ...], draws_ass: bool) -> None:
    trial = Trial()
    machine = resources(Capable(*filters), trial).machine
    assert machine == Machine(3, option_policy=False, gpu=NO_GPU, draws_ass=draws_ass, filters=frozenset(filters))
    assert trial.asked == 0


async def test_the_machine_with_its_gpu() -> None:
    machine = await resources(Capable(), Trial()).machine_with_gpu()
    assert machine.gpu.name == "NVIDIA L4"


def test_downloads_are_limited_together() -> None:
    limited = resources(Capable(), Trial())
    limited.check_input_bytes(100)
    with pytest.raises(SourceTooLarge, match="larger together than the 100 bytes"):
        limited.check_input_bytes(101)
