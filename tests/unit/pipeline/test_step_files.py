"""What follows from the files of steps: parsed here when they are small, else in a child process."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.pipeline import step_files as module
from ffmpeg_worker.pipeline.compute_calls import PackedBuild
from ffmpeg_worker.pipeline.step_files import read_step_files, summarize
from ffmpeg_worker.planning.plan import Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from support.job_contexts import FakeJob


async def test_files_that_steps_wrote(tmp_path: Path) -> None:
    folder = FakeJob(tmp_path).lane(a=b"1")
    (folder / "link").symlink_to("a")
    assert await read_step_files(folder, ("a", "missing")) == {"a": b"1", "missing": b""}
    with pytest.raises(OSError, match="symbolic links"):
        await read_step_files(folder, ("link",))


def _count(results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
    return {"pid": os.getpid(), "steps": len(results), **{name: len(text) for name, text in files.items()}}


@pytest.mark.parametrize(("parses", "is_apart"), [(True, True), (False, False)])
async def test_large_files_are_parsed_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parses: bool, is_apart: bool
) -> None:
    apart: list[Path] = []
    job = FakeJob(tmp_path)

    async def call_apart(_deadline: float, function: Any, *args: Any, cwd: Path, **_: Any) -> Any:
        apart.append(cwd)
        with chdir(cwd):
            return function(*args)

    monkeypatch.setattr(job.context.resources.compute, "call_apart", call_apart)
    monkeypatch.setattr(module, "_INLINE_BYTES", 3)
    folder = job.lane(a=b"12", b=b"34")
    summary = Summary(_count, ("a", "b", "missing"), parses=parses)
    found = await summarize(job.context, summary, [StepResult()], folder)
    assert found == {"pid": os.getpid(), "steps": 1, "a": 2, "b": 2, "missing": 0}
    assert apart == ([folder] if is_apart else [])
    apart.clear()
    packed = Summary(PackedBuild(pickle.dumps(_count)), ("a",), parses=True)
    assert (await summarize(job.context, packed, [], folder))["a"] == 2
    assert apart == [folder]
    apart.clear()
    await summarize(job.context, Summary(_count, ("a",), parses=parses), [StepResult()], folder)
    assert apart == []
