"""Check of the sandbox, with the test that the worker runs at start."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import EngineKilled, Misconfigured
from ffmpeg_worker.ffmpeg.tools import open_tools
from ffmpeg_worker.sandbox.level import Level
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings

_NAME = "sandbox"
_HINT = "Callers and files must be trusted. FFMPEG_WORKER_SANDBOX=require shows what is missing."


async def check_sandbox(settings: Settings) -> Check:
    """Check whether jobs are confined."""
    try:
        with open_sandbox(settings) as sandbox, tempfile.TemporaryDirectory() as scratch:
            programs = (settings.ffmpeg_path, settings.ffprobe_path)
            async with open_tools(*programs, sandbox=sandbox, scratch=Path(scratch)):
                shown = f"{sandbox.level.value}, Landlock ABI {sandbox.landlock_abi}"
                if sandbox.level in {Level.FULL, Level.CHROOT}:
                    return Check(_NAME, Verdict.OK, shown)
                return Check(_NAME, Verdict.WARN, shown, _HINT)
    except (EngineKilled, Misconfigured) as error:
        return Check(_NAME, Verdict.FAIL, error.message, error.hint)
