"""Runs all checks of the doctor."""

from __future__ import annotations

from ffmpeg_worker.doctor.canvas import check_canvas
from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.doctor.engine import check_engine
from ffmpeg_worker.doctor.machine import check_machine
from ffmpeg_worker.doctor.sandbox import check_sandbox
from ffmpeg_worker.errors import EngineKilled, Misconfigured
from ffmpeg_worker.settings import read_settings


async def run_checks() -> list[Check]:
    """Check this machine and the settings; leave no files or processes behind."""
    try:
        settings = read_settings()
    except Misconfigured as error:
        return [Check("settings", Verdict.FAIL, error.message, error.hint)]
    checks = [*check_machine(settings)]
    try:
        checks += [check async for check in check_engine(settings)]
    except (EngineKilled, Misconfigured) as error:
        checks.append(Check("ffmpeg", Verdict.FAIL, error.message, error.hint))
        return checks
    return [*checks, await check_canvas(), *await check_sandbox(settings)]
