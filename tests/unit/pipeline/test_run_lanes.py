"""Lanes side by side: independence, shared decoding, and the fallback from the GPU to the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import (
    EngineFailed,
    JobTooLarge,
    NothingSelected,
    SourceNotFound,
    TargetForbidden,
    WorkerError,
)
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.pipeline import run_lanes as module
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.inspect_inputs import InspectedInputs
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.run_lanes import Delivered, Outcome, run_lanes
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.expectations import Expectations, Written
from ffmpeg_worker.planning.plan import Fusion, Lane, Plan, Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from support.job_contexts import FakeJob
from support.jobs.plans import plan_job

MANY = {"action": "multi_process", "data": {"processes": [{"chainCmds": f"-i a.mp4 {n}.mp4"} for n in "abc"]}}
TWO = {
    "action": "multi_process",
    "data": {"processes": [{"chainCmds": "-i a.mp4 a1.mp4 a2.mp4"}, {"chainCmds": "-i a.mp4 b.mp4"}]},
}
GPU_ERROR = EngineFailed("x", stderr="[h264_nvenc] No capable devices found")


class NoFacts:
    """Inputs of which nothing is known."""

    files = LocalFiles()

    def expect_now(self, lane: Lane) -> Expectations:
        return Expectations()

    async def expect(self, lane: Lane, written: Written = ()) -> Expectations:
        return Expectations()

    async def expect_enough(self, lane: Lane, results: Sequence[StepResult]) -> Expectations:
        return Expectations()

    async def explain(self, lane: Lane, error: NothingSelected) -> NothingSelected:
        return NothingSelected(f"{error.message} It is explained.")


class Runs:
    """Stands for execution: notes the directories, writes the artifacts, and fails as told."""

    def __init__(self, failures: dict[str, WorkerError]) -> None:
        self.names: list[str] = []
        self._failures = failures

    async def __call__(self, context: JobContext, lane: Lane, folder: Path, **_: Any) -> Executed:
        self.names.append(folder.name)
        if folder.name in self._failures:
            raise self._failures[folder.name].copy()
        for name in lane.artifacts if not folder.name.startswith("fused") else self.fused:
            (folder / name.work_name).write_bytes(folder.name.encode())
        results = tuple(StepResult(cpu_seconds=3.0, frames=30, outputs=self.outputs) for _ in lane.steps)
        return Executed(folder.name, lane, folder, results)

    fused: Sequence[Artifact] = ()
    outputs: tuple[WrittenOutput, ...] = ()


Start = Callable[..., Runs]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Replaces execution; failures by the name of the working directory."""

    def replace_execute(**failures: WorkerError) -> Runs:
        runs = Runs({name.replace("_", "-"): error for name, error in failures.items()})
        monkeypatch.setattr(module, "execute", runs)
        return runs

    return replace_execute


def lane(name: str, **facts: Any) -> Lane:
    return Lane((FfmpegStep(Invocation((name,))),), (Artifact(name, name),), **facts)


async def run(job: FakeJob, *lanes: Lane, fusions: tuple[Fusion, ...] = ()) -> list[Outcome]:
    return await run_lanes(job.context, Plan(lanes, fusions), cast(InspectedInputs, NoFacts()))


async def test_a_lane_is_delivered_with_its_summary(tmp_path: Path, start: Start) -> None:
    start()

    def build(_results: object, files: StepFiles) -> dict[str, Any]:
        return {"content": files["b.mp4"].decode()}

    (done,) = await run(FakeJob(tmp_path), lane("b.mp4", summary=Summary(build, ("b.mp4",))))
    assert isinstance(done, Delivered)
    assert done.summary == {"content": "lane-0"}
    assert [output.name for output in done.files.outputs] == ["b.mp4"]


async def test_the_failure_of_one_of_independent_lanes_is_its_own(tmp_path: Path, start: Start) -> None:
    start(lane_1=JobTooLarge("Too large."))
    job = FakeJob(tmp_path, MANY)
    first, second, third = await run(job, lane("a.mp4"), lane("b.mp4"), lane("c.mp4"))
    assert isinstance(first, Delivered)
    assert isinstance(second, JobTooLarge)
    assert second.where == {"process": 1}
    assert isinstance(third, Delivered)
    assert job.bucket.files == {"a.mp4": b"lane-0", "c.mp4": b"lane-2"}


async def test_a_lane_that_cannot_run_is_not_started(tmp_path: Path, start: Start) -> None:
    runs = start()
    missing = SourceNotFound("There is no such input.")
    first, second = await run(FakeJob(tmp_path, MANY), lane("a.mp4", failure=missing), lane("../b.mp4"))
    assert isinstance(first, SourceNotFound)
    assert isinstance(second, TargetForbidden)
    assert second.where == {"output": "../b.mp4", "process": 1}
    assert runs.names == []


async def test_the_failure_of_a_lane_fails_other_jobs(tmp_path: Path, start: Start) -> None:
    start(lane_0=JobTooLarge("Too large."))
    job = FakeJob(tmp_path)
    with pytest.raises(JobTooLarge) as caught:
        await run(job, lane("b.mp4"))
    assert caught.value.where == {}
    assert job.bucket.files == {}


FUSED = FfmpegStep(Invocation(("fused",)))
BOTH = (Fusion((0, 1), FUSED),)


async def test_lanes_share_one_run(tmp_path: Path, start: Start) -> None:
    runs = start()
    lanes = [lane("a.mp4"), lane("b.mp4"), lane("c.mp4")]
    runs.fused = [artifact for one in lanes[:2] for artifact in one.artifacts]
    job = FakeJob(tmp_path, MANY)
    outcomes = await run(job, *lanes, fusions=BOTH)
    assert sorted(runs.names) == ["fused-0", "lane-2"]
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    executed = [outcome.executed for outcome in outcomes if isinstance(outcome, Delivered)]
    assert [one.is_fused for one in executed] == [True, True, False]
    assert [one.results[0].cpu_seconds for one in executed] == [1.5, 1.5, 3.0]
    assert [one.results[0].frames for one in executed] == [None, None, 30]
    assert len({one.name for one in executed}) == 3


async def test_each_lane_sees_its_own_outputs_of_a_shared_run(tmp_path: Path, start: Start) -> None:
    runs = start()
    (first, second), job = plan_job(TWO).lanes, FakeJob(tmp_path, TWO)
    runs.fused = [*first.artifacts, *second.artifacts]
    runs.outputs = tuple(WrittenOutput((WrittenStream(kind),)) for kind in ("video", "audio", "subtitle"))
    outcomes = await run(job, first, second, fusions=BOTH)
    results = [each.executed.results[0] for each in outcomes if isinstance(each, Delivered)]
    kinds = [[output.streams[0].kind for output in result.outputs] for result in results]
    assert kinds == [["video", "audio"], ["subtitle"]]


async def test_an_empty_output_is_explained_by_its_input(tmp_path: Path, start: Start) -> None:
    start(lane_0=NothingSelected("Nothing.", where={"command": 0, "output": 0}))
    with pytest.raises(NothingSelected, match="explained"):
        await run(FakeJob(tmp_path), lane("b.mp4"))


async def test_a_shared_run_that_fails_is_repeated_lane_by_lane(tmp_path: Path, start: Start) -> None:
    runs = start(fused_0=EngineFailed("It failed."), lane_1=EngineFailed("Its own failure."))
    first, second = await run(FakeJob(tmp_path, MANY), lane("a.mp4"), lane("b.mp4"), fusions=BOTH)
    assert sorted(runs.names) == ["fused-0", "lane-0", "lane-1"]
    assert isinstance(first, Delivered)
    assert isinstance(second, EngineFailed)
    assert "Its own failure." in str(second)


async def test_a_shared_run_that_is_too_large_is_not_repeated(tmp_path: Path, start: Start) -> None:
    runs = start(fused_0=JobTooLarge("Too large."))
    outcomes = await run(FakeJob(tmp_path, MANY), lane("a.mp4"), lane("b.mp4"), fusions=BOTH)
    assert runs.names == ["fused-0"]
    assert [outcome.where for outcome in outcomes if isinstance(outcome, WorkerError)] == [
        {"process": 0},
        {"process": 1},
    ]


async def test_the_cpu_takes_over_when_the_gpu_fails(tmp_path: Path, start: Start) -> None:
    runs = start(lane_0=GPU_ERROR)
    mapped = lane("b.mp4", runs_on_gpu=True, cpu_fallback=lane("b.mp4"))
    (done,) = await run(FakeJob(tmp_path), mapped)
    assert runs.names == ["lane-0", "lane-0-cpu"]
    assert isinstance(done, Delivered)
    assert "the GPU failed" in done.executed.lane.warnings[0]


@pytest.mark.parametrize(
    ("error", "code"),
    [(GPU_ERROR, "hardware_failed"), (EngineFailed("x", code="disk_full"), "disk_full")],
    ids=["without a fallback", "for another reason"],
)
async def test_a_failure_on_the_gpu_is_raised(
    tmp_path: Path, start: Start, error: EngineFailed, code: str
) -> None:
    runs = start(lane_0=error)
    mapped = lane("b.mp4", runs_on_gpu=True)
    if code == "disk_full":
        mapped = replace(mapped, cpu_fallback=lane("b.mp4"))
    with pytest.raises(EngineFailed) as caught:
        await run(FakeJob(tmp_path), mapped)
    assert (caught.value.code, runs.names) == (code, ["lane-0"])
