"""Resource limits of jobs, and the errors when they are exceeded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import DiskFull, EngineFailed, WorkerError
from ffmpeg_worker.ffmpeg.run_ffmpeg import run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import open_tools
from support.attacks.sandboxes import needs_sandbox, open_jail
from support.worker import open_worker

pytestmark = needs_sandbox

_MIB = 1 << 20
_ENDLESS = "-f lavfi -i testsrc2=size=1280x720"


@pytest.mark.parametrize(
    ("commands", "settings", "code"),
    [
        (f"{_ENDLESS} -c:v rawvideo -f nut o.nut", {"max_output_file_bytes": 20 * _MIB}, "output_too_large"),
        (f"{_ENDLESS} -q:v 31 -s 64x36 %05d.jpg", {"max_job_files": 300}, "job_too_large"),
        (
            f"{_ENDLESS} -c:v rawvideo -f segment -segment_time 0.2 s%03d.nut",
            {"max_job_bytes": 100 * _MIB},
            "job_too_large",
        ),
        (
            f"{_ENDLESS} -c:v rawvideo -f segment -segment_time 0.2 s%03d.nut",
            {"max_scratch_bytes_per_key": 100 * _MIB},
            "key_scratch_full",
        ),
        (
            f"{_ENDLESS}:duration=1 -c:v rawvideo -f nut o.nut",
            {"max_data_bytes_per_key": 20 * _MIB},
            "key_data_full",
        ),
        (f"{_ENDLESS}:duration=60 -vf reverse o.mp4", {"max_memory_bytes": 300 * _MIB}, None),
        (f"{_ENDLESS}:duration=1 -vf scale=16000:16000 o.mp4", {"max_memory_bytes": 300 * _MIB}, None),
    ],
    ids=[
        "one file",
        "many files",
        "many bytes",
        "scratch of a key",
        "outputs of a key",
        "memory by reverse",
        "memory by scale",
    ],
)
async def test_a_job_that_exceeds_a_limit_is_stopped(
    tmp_path: Path, commands: str, settings: dict[str, Any], code: str | None
) -> None:
    async with open_worker(tmp_path, **settings) as worker:
        job = {"action": "process", "data": {"chainCmds": commands}, "timeout": 60}
        error = await worker.fail(job)
        assert isinstance(error, WorkerError)
        assert error.code == (code or "out_of_memory"), f"{error.code}: {error} {error.stderr}"
        # The worker still works.
        result = await worker.process("-f lavfi -i testsrc2=duration=0.2 o.mp4")
        assert result["outputs"]


async def test_processor_time_is_limited(tmp_path: Path) -> None:
    endless = Invocation(("-f", "lavfi", "-i", "testsrc2=size=1280x720", "-f", "null", "-"))
    with open_jail(tmp_path) as (sandbox, jail, lane):
        confinement = jail.for_command(lane, 30)
        assert confinement is not None
        limited = replace(confinement, limits=replace(confinement.limits, cpu_s=1))
        async with open_tools(sandbox=sandbox, scratch=tmp_path) as tools:
            with pytest.raises(EngineFailed) as caught:
                await run_ffmpeg(tools, endless, cwd=lane, timeout_s=30, confinement=limited)
    assert caught.value.code == "cpu_time_exceeded"


async def test_with_a_nearly_full_disk_no_jobs_are_accepted(tmp_path: Path) -> None:
    async with open_worker(tmp_path, min_free_disk_bytes=1 << 60) as worker:
        error = await worker.fail({"action": "process", "data": {"chainCmds": f"{_ENDLESS} o.mp4"}})
        assert isinstance(error, DiskFull)
        assert error.retryable
