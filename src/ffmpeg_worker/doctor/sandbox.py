"""Check of the sandbox, with the test that the worker runs at start."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import EngineKilled, Misconfigured
from ffmpeg_worker.ffmpeg.tools import open_tools
from ffmpeg_worker.ffmpeg.waiting_read_trial import WaitingReadTrial
from ffmpeg_worker.sandbox.level import Level
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings

_NAME = "sandbox"
_READS = "inputs by range"
_READS_HINT = "Inputs from URLs are downloaded whole before a job starts."
_HINT = "Callers and files must be trusted. FFMPEG_WORKER_SANDBOX=require shows what is missing."


async def check_sandbox(settings: Settings) -> list[Check]:
    """Check whether jobs are confined, and whether their inputs can be read by range."""
    try:
        with open_sandbox(settings) as sandbox, tempfile.TemporaryDirectory() as scratch:
            programs = (settings.ffmpeg_path, settings.ffprobe_path)
            async with open_tools(*programs, sandbox=sandbox, scratch=Path(scratch)) as tools:
                shown = f"{sandbox.level.value}, Landlock ABI {sandbox.landlock_abi}"
                is_strong = sandbox.level in {Level.FULL, Level.CHROOT}
                confined = (
                    Check(_NAME, Verdict.OK, shown) if is_strong else Check(_NAME, Verdict.WARN, shown, _HINT)
                )
                trial = WaitingReadTrial(tools, Path(scratch), is_on=settings.ranged_inputs)
                return [confined, _judge_reads(*await trial.problems())]
    except (EngineKilled, Misconfigured) as error:
        return [Check(_NAME, Verdict.FAIL, error.message, error.hint)]


def _judge_reads(problem: str | None, problem_of_ffprobe: str | None) -> Check:
    if problem is not None:
        return Check(_READS, Verdict.WARN, f"not available: {problem}", _READS_HINT)
    return Check(_READS, Verdict.OK, "works" if problem_of_ffprobe is None else "works, but not with ffprobe")
