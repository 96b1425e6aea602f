"""A worker whose sandbox has holes does not start, unless its operator allows it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import EngineKilled, Misconfigured
from ffmpeg_worker.ffmpeg.self_test import PRELOAD, find_holes
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.process.child import Child
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox import sandbox as module
from ffmpeg_worker.sandbox.level import Level, SandboxSupport
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings
from support.attacks.sandboxes import MACHINE, WITHOUT_LANDLOCK, needs_sandbox, needs_users, open_jail
from support.media.sources import make_clip
from support.worker import open_worker


@needs_sandbox
async def test_programs_that_run_unconfined_are_detected(tmp_path: Path) -> None:
    class UnconfinedSpawner(Spawner):
        async def start(self, argv: Sequence[str], **options: Any) -> Child:
            return await super().start(argv, **{**options, "confinement": None})

    async with UnconfinedSpawner(preload=PRELOAD) as spawner:
        with (
            open_jail(tmp_path / "job") as (sandbox, _, _),
            pytest.raises(Misconfigured, match="does not work") as caught,
        ):
            await sandbox.verify(tmp_path, partial(find_holes, spawner, find_ffmpeg(None)))
    for hole in (
        "file outside read",
        "file outside written",
        "socket opened",
        "worker signalled",
        "shell started",
    ):
        assert hole in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


@needs_sandbox
@pytest.mark.parametrize("times", [1, 2])
async def test_a_test_that_is_killed_is_repeated_and_then_no_judgement(tmp_path: Path, times: int) -> None:
    class KillingSpawner(Spawner):
        left = times

        async def start(self, argv: Sequence[str], **options: Any) -> Child:
            if not argv and self.left:
                self.left -= 1
                return await super().start(["/bin/sh", "-c", "kill -9 $$"], **{**options, "confinement": None})
            return await super().start(argv, **options)

    async with KillingSpawner(preload=PRELOAD) as spawner:
        with open_jail(tmp_path / "job") as (sandbox, _, _):
            test = sandbox.verify(tmp_path, partial(find_holes, spawner, find_ffmpeg(None)))
            if times == 1:
                await test
                assert sandbox.level is Level.FULL
            else:
                with pytest.raises(EngineKilled, match="could not be tested"):
                    await test


@needs_sandbox
async def test_a_sandbox_without_holes_has_the_level_full(tmp_path: Path) -> None:
    async with open_worker(tmp_path, sandbox="require") as worker:
        assert worker.services.tools.sandbox.level is Level.FULL
        make_clip(worker.data / "clip.mp4", seconds=0.2)
        result = await worker.process("-i clip.mp4 -c copy o.mp4")
        assert "sandbox" not in result
        assert result["warnings"] == []


@needs_users
async def test_without_landlock_the_jobs_of_root_have_their_own_root_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "detect_sandbox_support", lambda _: WITHOUT_LANDLOCK)
    if WITHOUT_LANDLOCK.missing:
        pytest.skip(f"no root for jobs: {WITHOUT_LANDLOCK.missing}")
    async with open_worker(tmp_path, sandbox="require") as worker:
        assert worker.services.tools.sandbox.level is Level.CHROOT
        make_clip(worker.data / "clip.mp4", seconds=0.5)
        # Fonts, an input under a second name, a chain, and the embedded probe.
        chain = "ffmpeg -i clip.mp4 -vf drawtext=text=hi a.mkv && ffmpeg -i a.mkv -c copy o.mp4"
        result = await worker.process(chain, "o.mp4")
        assert result["outputs"][0]["media"]["duration"] > 0.4
        assert "sandbox" not in result


def test_a_machine_without_landlock_is_refused_and_the_error_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "detect_sandbox_support", lambda _: SandboxSupport(0, True, "not root", "not root")
    )
    with pytest.raises(Misconfigured, match="Landlock") as caught, open_sandbox(_settings(tmp_path)):
        pass
    assert caught.value.hint is not None
    assert "FFMPEG_WORKER_SANDBOX=degraded" in caught.value.hint


@pytest.mark.skipif(not MACHINE.has_seccomp, reason="no seccomp here")
async def test_a_degraded_sandbox_is_reported_in_log_and_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        module, "detect_sandbox_support", lambda _: SandboxSupport(0, True, MACHINE.no_users, "none")
    )
    async with open_worker(tmp_path, sandbox="degraded") as worker:
        assert worker.services.tools.sandbox.level is Level.DEGRADED
        make_clip(worker.data / "clip.mp4", seconds=0.2)
        result = await worker.process("-i clip.mp4 -c copy o.mp4")
        assert result["sandbox"] == "degraded"
        assert any("only in part" in warning for warning in result["warnings"])
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert any("sandbox is weak" in record.getMessage() for record in warnings)


async def test_a_sandbox_that_is_off_is_reported_in_results(tmp_path: Path) -> None:
    async with open_worker(tmp_path, sandbox="off") as worker:
        make_clip(worker.data / "clip.mp4", seconds=0.2)
        result = await worker.process("-i clip.mp4 -c copy o.mp4")
        assert result["sandbox"] == "off"
        assert any("does not confine" in warning for warning in result["warnings"])


def _settings(folder: Path) -> Settings:
    return Settings(data_root=folder / "data", scratch_root=folder / "scratch", sandbox="require")
