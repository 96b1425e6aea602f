"""A second run after one that was killed from outside."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ffmpeg_worker.errors import EngineFailed, EngineKilled, WorkerError
from ffmpeg_worker.ffmpeg import run_again
from ffmpeg_worker.ffmpeg.run_again import run_again_if_killed

KILLED = EngineKilled("It was killed.")
CRASHED = EngineFailed("It crashed.", code="engine_crashed")


class Runs:
    """Runs that end in turn with an error or, for `None`, well; counts them, and the preparations between them."""

    def __init__(self, *ends: WorkerError | None, may_repeat: bool = True) -> None:
        self.count = self.prepared = 0
        self._ends: Sequence[WorkerError | None] = ends
        self._may_repeat = may_repeat

    async def run(self) -> int:
        self.count += 1
        error = self._ends[self.count - 1]
        if error is not None:
            raise error
        return self.count

    async def prepare(self) -> bool:
        self.prepared += 1
        return self._may_repeat


@pytest.fixture(autouse=True)
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_again, "_PAUSE_S", 0)


async def test_a_run_that_ends_well_is_not_repeated() -> None:
    runs = Runs(None)
    assert await run_again_if_killed(runs.run, runs.prepare) == 1
    assert (runs.count, runs.prepared) == (1, 0)


async def test_a_killed_run_is_repeated_after_its_preparation() -> None:
    runs = Runs(KILLED, None)
    assert await run_again_if_killed(runs.run, runs.prepare) == 2
    assert runs.prepared == 1


@pytest.mark.parametrize(
    ("ends", "may_repeat", "raised", "count"),
    [
        ((KILLED, KILLED, None), True, KILLED, 2),
        ((KILLED, CRASHED, None), True, CRASHED, 2),
        ((CRASHED, None), True, CRASHED, 1),
        ((KILLED, None), False, KILLED, 1),
    ],
)
async def test_what_is_not_repeated(
    ends: tuple[WorkerError | None, ...], may_repeat: bool, raised: WorkerError, count: int
) -> None:
    runs = Runs(*ends, may_repeat=may_repeat)
    with pytest.raises(WorkerError) as caught:
        await run_again_if_killed(runs.run, runs.prepare)
    assert caught.value is raised
    assert runs.count == count


async def test_without_preparation_a_killed_run_is_repeated() -> None:
    assert await run_again_if_killed(Runs(KILLED, None).run) == 2
