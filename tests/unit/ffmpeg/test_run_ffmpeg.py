"""Runs of a fake ffmpeg: arguments, progress, errors and cancellation."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, EngineTimedOut, NothingSelected
from ffmpeg_worker.ffmpeg.collected_output import MAX_STDOUT_BYTES
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.sandbox.confinement import Confinement, Limits
from support.programs.fake_spawner import FakeSpawner, Script

ABORT = b"implib-gen: libva-drm.so.2: failed to load library 'libva-drm.so.2' via dlopen: No such file\n"


async def run(script: Script | Callable[[Sequence[str]], Script], *arguments: str, **options: Any) -> RunReport:
    spawner = FakeSpawner(script if callable(script) else lambda _: script)
    return await run_on(spawner, *arguments, **options)


async def run_on(spawner: FakeSpawner, *arguments: str, timeout_s: float | None = 5, **options: Any) -> RunReport:
    tools = SimpleNamespace(
        ffmpeg=Path("/opt/ffmpeg"),
        spawner=spawner,
        environment={"EXTRA": "1"},
        capabilities=SimpleNamespace(names={"encoders": ["libx264"]}),
    )
    invocation = Invocation(arguments)
    return await run_ffmpeg(cast(Tools, tools), invocation, cwd=Path("/"), timeout_s=timeout_s, **options)


async def test_a_run_reports_progress_log_and_usage() -> None:
    seen: list[Progress] = []
    script = Script({2: b"[info] Output #0\n", 3: b"frame=5\nout_time_us=200000\nprogress=end\n"})
    report = await run(script, "-i", "a.mp4", "b.mp4", on_progress=seen.append)
    assert (report.exit.code, report.exit.cpu_seconds) == (0, 0.5)
    assert report.log.text == "[info] Output #0"
    assert seen == [report.last_progress] == [Progress(frame=5, out_time_s=0.2, ended=True)]


SELECTED_NOTHING = b"""\
[info] Stream mapping:
[info]   Stream #0:0 -> #0:0 (h264 (native) -> mjpeg (native))
[vf#0:0 @ 0x5] [warning] No filtered frames for output stream, trying to initialize anyway.
[mjpeg @ 0x5] [error] Non full-range YUV is non-standard
[vost#0:0/mjpeg @ 0x5] [enc:mjpeg @ 0x5] [error] Error while opening encoder - maybe incorrect parameters
[out#0/image2 @ 0x5] [error] Nothing was written into output file, because at least one of its streams \
received no packets.
"""


async def test_an_encoder_that_gets_no_frame_is_not_to_blame() -> None:
    with pytest.raises(NothingSelected) as caught:
        await run(Script({2: SELECTED_NOTHING}, code=234), "-ss", "60", "-i", "a.mp4", "b.jpg")
    assert (caught.value.code, caught.value.where) == ("nothing_selected", {"output": 0})
    assert "Non full-range" in (caught.value.stderr or "")


async def test_a_report_describes_outputs_and_damage() -> None:
    log = SELECTED_NOTHING + b"[in#0/mov,mp4 @ 0x5] [error] stream 1, offset 0x8: partial file\n"
    report = await run(Script({2: log}), "-i", "a.mp4", "b.jpg")
    assert [output.is_empty for output in report.outputs] == [True]
    assert report.damage == "stream 1, offset 0x8: partial file"


async def test_the_command_gets_global_options_and_a_clean_environment() -> None:
    spawner = FakeSpawner(lambda _: Script())
    await run_on(spawner, "-i", "a.mp4", "b.mp4")
    [command], [environment] = spawner.commands, spawner.environments
    assert command[0] == "/opt/ffmpeg"
    assert command[-3:] == ["-i", "a.mp4", "b.mp4"]
    assert {"-nostdin", "-y", "-progress"} <= set(command)
    assert environment["EXTRA"] == "1"


@pytest.mark.parametrize("capture", [True, False])
async def test_standard_output_is_kept_on_request(capture: bool) -> None:
    assert (await run(Script({1: b"data"}), capture_stdout=capture)).stdout == (b"data" if capture else b"")


async def test_a_failure_has_the_diagnosis_and_a_log_without_secrets() -> None:
    log = b"[error] https://me:pw@host/a?sig=abc failed\n[fatal] Unknown encoder 'libx246'\n"
    with pytest.raises(EngineFailed) as caught:
        await run(Script({2: log}, code=1), "-c:v", "libx246", "b.mp4")
    error = caught.value
    assert (error.code, error.where) == ("encoder_unknown", {"argument": "-c:v", "encoder": "libx246"})
    assert (error.hint or "").startswith("Did you mean 'libx264'?")
    assert error.stderr == "https://REDACTED@host/a?sig=REDACTED failed\nUnknown encoder 'libx246'"


@pytest.mark.parametrize(
    "script",
    [
        Script(code=None, signal=signal.SIGKILL),
        Script(code=None, signal=signal.SIGTERM),
        Script({2: b"[info] Exiting normally, received signal 15.\n"}, code=255),
    ],
)
async def test_a_run_that_is_killed_from_outside(script: Script) -> None:
    with pytest.raises(EngineKilled):
        await run(script)


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL])
async def test_a_crash_is_no_kill_from_outside(number: int) -> None:
    with pytest.raises(EngineFailed) as caught:
        await run(Script(code=None, signal=number))
    assert caught.value.code == "engine_crashed"


async def test_a_text_of_the_caller_in_the_log_is_no_kill_from_outside() -> None:
    log = b"[info]   title : Exiting normally, received signal 15.\n[error] Invalid data found\n"
    with pytest.raises(EngineFailed):
        await run(Script({2: log}, code=183))


async def test_used_up_processor_time_is_no_kill_from_outside() -> None:
    with pytest.raises(EngineFailed) as caught:
        await run(Script({2: b"[info] Exiting normally, received signal 24.\n"}, code=255))
    assert caught.value.code == "cpu_time_exceeded"


@pytest.mark.parametrize(("limit_s", "code"), [(0, "cpu_time_exceeded"), (1, "engine_killed")])
async def test_the_kernels_kill_after_the_processor_time_is_no_kill_from_outside(limit_s: int, code: str) -> None:
    confinement = Confinement(limits=Limits(cpu_s=limit_s))  # the double uses half a second
    with pytest.raises(EngineError) as caught:
        await run(Script(code=None, signal=signal.SIGKILL), confinement=confinement)
    assert caught.value.code == code


async def test_a_run_that_is_out_of_time_is_stopped() -> None:
    spawner = FakeSpawner(lambda _: Script({2: b"[info] working\n"}, hangs=True))
    with pytest.raises(EngineTimedOut) as caught:
        await run_on(spawner, timeout_s=0.01)
    assert caught.value.stderr == "working"
    assert spawner.children[0].stopped


async def test_a_cancelled_run_is_stopped() -> None:
    spawner = FakeSpawner(lambda _: Script(hangs=True))
    running = asyncio.ensure_future(run_on(spawner))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert spawner.children[0].stopped


@pytest.mark.parametrize(
    ("descriptor", "limit", "name"), [(1, MAX_STDOUT_BYTES, "standard output"), (2, MAX_LOG_BYTES, "log")]
)
async def test_too_much_output(descriptor: int, limit: int, name: str) -> None:
    with pytest.raises(EngineFailed, match=f"64 MiB to its {name}") as caught:
        await run(Script({descriptor: bytes(limit + 1)}, code=None, signal=9), capture_stdout=True)
    assert caught.value.code == "output_flood"


async def test_standard_input_is_closed() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stdin:
        await run(Script(), stdin=stdin)
        assert stdin.closed
    os.close(writing)


def abort_over_hwaccel(argv: Sequence[str]) -> Script:
    return Script({2: ABORT}, code=None, signal=signal.SIGABRT) if "-hwaccel" in argv else Script()


async def test_automatic_hardware_decoding_falls_back_to_software() -> None:
    spawner = FakeSpawner(abort_over_hwaccel)
    await run_on(spawner, "-hwaccel", "auto", "-i", "a.mp4", "-preset", "auto", "b.mp4")
    assert [command[-7:] for command in spawner.commands][1:] == [
        ["-stats_period", "0.25", "-i", "a.mp4", "-preset", "auto", "b.mp4"]
    ]


@pytest.mark.parametrize("device", ["vaapi", "qsv"])
async def test_named_hardware_that_is_missing_is_an_error(device: str) -> None:
    spawner = FakeSpawner(abort_over_hwaccel)
    with pytest.raises(EngineFailed) as caught:
        await run_on(spawner, "-hwaccel", device, "-i", "a.mp4", "b.mp4")
    assert (caught.value.code, caught.value.where) == ("hardware_unavailable", {"argument": "-hwaccel"})
    assert len(spawner.commands) == 1
