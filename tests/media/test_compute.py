"""Large work runs in child processes that the kernel limits; small work runs on the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import EngineKilled, EngineTimedOut, InvalidJob, WorkerError
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.pipeline import compute as module
from ffmpeg_worker.pipeline.compute import INLINE_BYTES, OPEN_AFTER_S, Compute
from ffmpeg_worker.pipeline.compute_calls import build_from_files
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.read_job import read_body
from ffmpeg_worker.planning.steps import RenderStep
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.scene.scene_json import EncodedScene, encode_scene
from support.jobs.compute_calls import (
    fill_memory,
    kill_oneself,
    raise_error,
    read_for_ever,
    read_score,
    return_much,
    spin,
)
from support.jobs.plans import numbered_files
from support.wait_until import until_async

pytestmark = pytest.mark.asyncio(loop_scope="module")

MACHINE = Machine(cores=2)
LAYER = {
    "type": "text",
    "text": "{{name}}",
    "duration": 1,
    "x": [{"time": 0, "value": 1}, {"time": 1, "value": 9}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def compute() -> AsyncIterator[Compute]:
    """Child processes are forked from one process, which takes a second to start."""
    opened = Compute()
    yield opened
    await opened.close()


def body(count: int, **common: Any) -> JobBody:
    """A job with this many layers."""
    data = {"json": {"layers": [LAYER] * count, "audio": {"loudness": -14}}, "variables": {"name": "a"}}
    return JobBody("canvas", json.dumps(data | common).encode())


def in_s(seconds: float) -> float:
    return time.monotonic() + seconds


async def test_a_large_job_is_read_and_planned_as_on_the_loop(compute: Compute) -> None:
    large = body(400, metadata={"order": 7})
    assert len(large.content) > INLINE_BYTES
    read = await compute.read(large, MACHINE)
    here = read_body(large, MACHINE)
    assert read.required_inputs == here.required_inputs
    assert (read.job.action, read.job.metadata) == ("canvas", {"order": 7})
    assert not hasattr(read.job.data, "compositions")
    [lane] = (await compute.plan(read, LocalFiles(), MACHINE, in_s(30))).lanes
    [expected] = make_plan(here, LocalFiles(), MACHINE).lanes
    assert len(lane.steps) == len(expected.steps)
    for step, other in zip(lane.steps, expected.steps, strict=True):
        if isinstance(step, RenderStep):
            assert isinstance(other, RenderStep)
            assert isinstance(step.scene, EncodedScene)
            assert json.loads(step.scene.text) == json.loads(json.dumps(encode_scene(other.scene)))
            assert replace(step, scene=other.scene) == other
        else:
            assert step == other
    assert lane.summary.build((), {}) == expected.summary.build((), {})


async def test_commands_are_read_and_planned_as_on_the_loop(compute: Compute) -> None:
    data = {"processes": [{"chainCmds": f"-i a.mp4 -crf 23 {'b' * 100}-{number}.mp4"} for number in range(50)]}
    large = JobBody("multi_process", json.dumps(data | {"metadata": {"long": "x" * INLINE_BYTES}}).encode())
    read, here = await compute.read(large, MACHINE), read_body(large, MACHINE)
    assert read == replace(here, body_bytes=len(large.content))
    files = numbered_files(read.required_inputs)
    assert await compute.plan(read, files, MACHINE, in_s(30)) == make_plan(here, files, MACHINE)


async def test_small_work_runs_on_the_loop(compute: Compute) -> None:
    assert await compute.call(INLINE_BYTES, os.getpid, deadline=in_s(30)) == os.getpid()
    assert await compute.call(INLINE_BYTES + 1, os.getpid, deadline=in_s(30)) != os.getpid()


async def test_owners_take_turns() -> None:
    compute = Compute(processes=1)
    ended: list[str] = []

    async def call(owner: str) -> None:
        await compute.call_apart(in_s(60), os.getpid, owner=owner)
        ended.append(owner)

    try:
        blocking = asyncio.ensure_future(compute.call_apart(in_s(60), spin, owner="first"))
        await until_async(lambda: bool(compute._forks._program and compute._forks._program._children))
        waiting = [asyncio.ensure_future(call(owner)) for owner in ("first", "first", "first", "second")]
        await asyncio.sleep(0)
        blocking.cancel()
        await asyncio.gather(*waiting)
    finally:
        await compute.close()
    assert ended.index("second") <= 1


async def test_the_process_for_children_can_start_before_the_first_call() -> None:
    compute = Compute()
    try:
        await compute.open()
        program = compute._forks._program
        assert program is not None
        await compute.call_apart(in_s(60), os.getpid)
        assert compute._forks._program is program
    finally:
        await compute.close()


async def test_the_process_for_children_starts_when_the_first_jobs_have_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compute = Compute()
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        assert compute._forks._program is None
        pauses.append(seconds)

    monkeypatch.setattr("ffmpeg_worker.pipeline.compute.asyncio.sleep", sleep)
    try:
        await compute.open_later()
        assert pauses == [OPEN_AFTER_S]
        assert compute._forks._program is not None
    finally:
        await compute.close()


async def test_errors_arrive_as_they_were_raised(compute: Compute) -> None:
    with pytest.raises(InvalidJob) as caught:
        await compute.read(body(400, output="a.xyz"), MACHINE)
    with pytest.raises(InvalidJob) as here:
        read_body(body(400, output="a.xyz"), MACHINE)
    assert caught.value.as_problem() == here.value.as_problem()
    with pytest.raises(WorkerError) as worker_error:
        await compute.call_apart(in_s(30), raise_error)
    assert (worker_error.value.detail, worker_error.value.where) == ("for the log", {"row": 3})


async def test_the_timeout_of_a_job_covers_its_reading(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = JobBody("probe", json.dumps({"timeout": 0.2, "input": "a" * INLINE_BYTES}).encode())
    monkeypatch.setattr(module, "read_in_time", read_for_ever)
    began = time.monotonic()
    with pytest.raises(EngineTimedOut, match="while it was read or planned"):
        await compute.read(slow, MACHINE)
    assert time.monotonic() - began < 10


async def test_a_call_ends_at_its_deadline(compute: Compute) -> None:
    with pytest.raises(EngineTimedOut):
        await compute.call_apart(in_s(0.5), spin)


async def test_a_call_ends_when_its_memory_is_used_up(compute: Compute) -> None:
    with pytest.raises(InvalidJob, match="memory") as caught:
        await compute.call_apart(in_s(30), fill_memory, memory_bytes=200 << 20)
    assert caught.value.code == "job_too_complex"


async def test_a_call_ends_when_its_processor_time_is_used_up(
    compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CPU_S", 1)
    with pytest.raises(InvalidJob, match="processor time"):
        await compute.call_apart(in_s(30), spin)


async def test_a_long_answer_is_refused(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REPLY_BYTES", 100_000)
    assert len(await compute.call_apart(in_s(30), return_much, 50_000)) == 50_000
    with pytest.raises(InvalidJob, match="memory"):
        await compute.call_apart(in_s(30), return_much, 200_000)


async def test_a_process_that_dies_is_no_error_of_the_caller(compute: Compute) -> None:
    with pytest.raises(EngineKilled):
        await compute.call_apart(in_s(30), kill_oneself)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        await compute.call_apart(in_s(30), divmod, 1, 0)


async def test_a_cancelled_call_stops_its_process(compute: Compute) -> None:
    calling = asyncio.ensure_future(compute.call_apart(in_s(30), spin))
    await until_async(lambda: bool(compute._forks._program and compute._forks._program._children))
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    program = compute._forks._program
    assert program is not None
    await until_async(lambda: not program._children)


async def test_files_are_read_in_the_process(compute: Compute, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"score": 7}')
    jail = Jail(tmp_path, None, cores=1)
    found = await compute.call_apart(
        in_s(30), build_from_files, read_score, (), ("a.json", "missing"), jail=jail, cwd=tmp_path
    )
    assert found == {"score": 7, "missing": b""}
