"""The stages of a job in order, and its secrets kept out of errors and logs."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ffmpeg_worker.errors import DiskFull, SourceNotFound, WorkerError
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline import run_job as module
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_job
from support.job_contexts import FakeJob

SECRET = "hush-hush-canary"


def read() -> ReadJob[Any]:
    film = {"url": "https://host/clip.mp4", "headers": {"Authorization": SECRET}}
    job = {"action": "process", "data": {"chainCmds": "-i {{film}} b.mp4"}, "inputs": {"film": film}}
    return read_job(parse_job(job), Machine(cores=2))


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the stages as they run; all are doubles."""
    ran: list[str] = []
    context = FakeJob(tmp_path).context

    @asynccontextmanager
    async def open_job(runtime: Any, read: Any) -> AsyncIterator[Any]:
        ran.append("open")
        yield context
        ran.append("close")

    async def fetch(_context: Any) -> LocalFiles:
        ran.append("fetch")
        return LocalFiles()

    @asynccontextmanager
    async def inspect(_context: Any, files: LocalFiles) -> AsyncIterator[Any]:
        ran.append("inspect")
        yield SimpleNamespace(files=files)

    async def run(_context: Any, planned: str, _inputs: Any) -> list[Any]:
        assert planned == "plan"
        ran.append("run lanes")
        return []

    def report(_context: Any, _files: LocalFiles, outcomes: list[Any]) -> str:
        ran.append("report")
        return "result"

    for name, double in (
        ("open_job", open_job),
        ("fetch", fetch),
        ("inspect_inputs", inspect),
        ("run_lanes", run),
        ("make_result", report),
    ):
        monkeypatch.setattr(module, name, double)
    return ran


class Compute:
    """Plans without a process."""

    def __init__(self, ran: list[str]) -> None:
        self._ran = ran

    async def plan(
        self, read: ReadJob[Any], files: LocalFiles, machine: Machine, deadline: float, *, owner: str
    ) -> str:
        self._ran.append(f"plan for {owner}")
        return "plan"


def runtime(ran: list[str]) -> Any:
    return SimpleNamespace(resources=SimpleNamespace(compute=Compute(ran)), deadline=0.0, owner="key-a")


async def test_the_stages_run_in_order(stages: list[str]) -> None:
    result: Any = await run_job(runtime(stages), read())
    assert result == "result"
    assert stages == ["open", "fetch", "inspect", "plan for key-a", "run lanes", "report", "close"]
    assert redact_var.get() is None


async def test_errors_lose_the_secrets_of_the_job(stages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def fail(_context: Any) -> LocalFiles:
        redact = redact_var.get()
        assert redact is not None
        seen.append(redact(f"logged {SECRET}"))
        raise SourceNotFound(f"There is no {SECRET}.", stderr=f"x {SECRET}", detail=f"y {SECRET}")

    monkeypatch.setattr(module, "fetch", fail)
    with pytest.raises(WorkerError) as caught:
        await run_job(runtime(stages), read())
    error = caught.value
    for text in (str(error), error.message, error.stderr, error.detail, *seen):
        assert SECRET not in (text or "")
    assert "There is no" in error.message
    assert redact_var.get() is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("stage", ["open_job", "fetch", "inspect_inputs", "run_lanes"])
async def test_a_full_disk_is_an_error_of_the_job_at_every_stage(
    stages: list[str], monkeypatch: pytest.MonkeyPatch, stage: str, code: int
) -> None:
    async def fail(*_: Any) -> Any:
        raise OSError(code, "full")

    @asynccontextmanager
    async def fail_to_enter(*_: Any) -> AsyncIterator[Any]:
        raise OSError(code, "full")
        yield

    monkeypatch.setattr(module, stage, fail if stage in {"fetch", "run_lanes"} else fail_to_enter)
    with pytest.raises(DiskFull) as caught:
        await run_job(runtime(stages), read())
    assert caught.value.retryable


async def test_other_errors_of_the_system_are_no_full_disk(
    stages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(module, "fetch", fail)
    with pytest.raises(FileNotFoundError):
        await run_job(runtime(stages), read())
