"""The direct runtime: results, deadlines, and errors of steps."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from ffmpeg_worker.errors import EngineTimedOut, SourceNotFound
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.planning.step_result import StepResult


def runtime(timeout_s: float = 10.0) -> DirectRuntime:
    return DirectRuntime(cast(WorkerResources, None), "job-7", timeout_s=timeout_s)


async def finish() -> StepResult:
    return StepResult(frames=7)


async def test_a_step_gives_its_result() -> None:
    assert await runtime().step("lane-0/step-0", StepResult, finish) == StepResult(frames=7)
    assert await runtime().step("fetch", StepResult, finish, doing="its inputs were fetched") == StepResult(
        frames=7
    )


async def test_a_step_that_names_its_work_ends_at_the_deadline() -> None:
    async def hang() -> StepResult:
        await asyncio.Event().wait()
        return StepResult()

    with pytest.raises(EngineTimedOut) as caught:
        await runtime(0.02).step("fetch", StepResult, hang, doing="its inputs were fetched")
    assert str(caught.value) == "The time for the job, 0.02 s, was used up while its inputs were fetched."
    assert caught.value.code == "timed_out"


@pytest.mark.parametrize("doing", [None, "its outputs were uploaded"])
async def test_errors_pass_through(doing: str | None) -> None:
    async def fail() -> StepResult:
        raise SourceNotFound("There is no such input.")

    with pytest.raises(SourceNotFound):
        await runtime().step("fetch", StepResult, fail, doing=doing)


async def test_nothing_is_recorded() -> None:
    ran = 0

    async def count() -> StepResult:
        nonlocal ran
        ran += 1
        return StepResult()

    direct = runtime()
    for _ in range(2):
        await direct.step("fetch", StepResult, count)
    assert ran == 2


def test_the_timeout_counts_from_the_time_that_the_job_arrived() -> None:
    job = DirectRuntime(cast(WorkerResources, None), "job-7", timeout_s=5.0, began=100.0)
    assert job.deadline == 105.0
