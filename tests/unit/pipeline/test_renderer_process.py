"""What a renderer reports, as warnings and errors."""

from __future__ import annotations

import json
import signal
from typing import cast

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, UnsupportedFeature
from ffmpeg_worker.pipeline import renderer_process
from ffmpeg_worker.pipeline.renderer_process import RendererRun, RendererSpawner
from ffmpeg_worker.process.child import Child, Output
from support.programs.fake_spawner import FakeChild, Script


def run_of(*lines: object, code: int | None = 0, ended_by: int | None = None) -> RendererRun:
    run = RendererRun(cast(Child, None))
    log = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    run.child = cast(Child, FakeChild(Script({2: log}, code, ended_by), {2: Output(run.log.feed)}))
    return run


async def fail(run: RendererRun) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await run.wait()
    return caught.value


async def test_warnings_are_returned_once_each() -> None:
    run = run_of({"warning": "one"}, b"noise of a library\n", {"warning": "two"}, {"warning": "one"}, ["no note"])
    assert await run.wait() == ("one", "two")


async def test_a_failure_names_code_fault_and_layer() -> None:
    note = {
        "error": "The file cannot be read.",
        "code": "source_unreadable",
        "fault": "caller",
        "where": "layers[0].src",
        "hint": "Send another one.",
    }
    error = await fail(run_of({"warning": "before"}, note, code=3))
    assert isinstance(error, EngineFailed)
    assert (error.code, error.fault) == ("source_unreadable", Fault.CALLER)
    assert (error.where, error.hint) == ({"field": "layers[0].src"}, "Send another one.")


async def test_a_code_that_is_not_declared_is_not_passed_on() -> None:
    error = await fail(run_of({"error": "Odd.", "code": "made_up"}, code=3))
    assert error.code == "renderer_failed"


async def test_an_aborted_allocation_is_too_little_memory() -> None:
    run = run_of(b"memory allocation of 99 bytes failed\n", code=None, ended_by=signal.SIGABRT)
    assert (await fail(run)).code == "renderer_out_of_memory"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_signal_that_others_send_is_a_kill_from_outside(number: int) -> None:
    assert isinstance(await fail(run_of(code=None, ended_by=number)), EngineKilled)


@pytest.mark.parametrize(
    ("number", "code", "fault"),
    [
        (signal.SIGSEGV, "renderer_failed", Fault.WORKER),
        (signal.SIGABRT, "renderer_failed", Fault.WORKER),
        (signal.SIGXCPU, "cpu_time_exceeded", Fault.CALLER),
    ],
)
async def test_other_signals_are_failures_of_the_renderer(number: int, code: str, fault: Fault) -> None:
    error = await fail(run_of(code=None, ended_by=number))
    assert isinstance(error, EngineFailed)
    assert (error.code, error.fault) == (code, fault)


async def test_an_end_without_a_note_is_a_failure_of_the_worker() -> None:
    error = await fail(run_of(b"Traceback\n", code=1))
    assert (error.code, error.fault, error.detail) == ("renderer_failed", Fault.WORKER, "Traceback")


async def test_missing_packages_are_an_unsupported_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_process, "_NEEDED", ("json", "no_such_package"))
    assert renderer_process.find_missing_packages() == ("no_such_package",)
    with pytest.raises(UnsupportedFeature) as caught:
        RendererSpawner().require_packages()
    assert "no_such_package" in (caught.value.detail or "")


@pytest.mark.parametrize("fault", [Fault.CALLER, Fault.SOURCE, Fault.WORKER])
async def test_the_renderer_says_who_must_act(fault: Fault) -> None:
    note = {"error": "Odd.", "code": "source_unreadable", "fault": fault.value}
    assert (await fail(run_of(note, code=3))).fault is fault


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL])
async def test_a_crash_is_caused_by_the_files_of_the_scene(number: int) -> None:
    run = run_of(code=None, ended_by=number)
    run.reads_files = True
    error = await fail(run)
    assert (error.code, error.fault) == ("source_crashes_renderer", Fault.SOURCE)
    error = await fail(run_of(code=None, ended_by=number))
    assert (error.code, error.fault) == ("renderer_failed", Fault.WORKER)
