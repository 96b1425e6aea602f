"""The log of real jobs, as a sink receives it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.command_log import JobLog, LogChunk, LogSink
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.planning.read_job import read_job
from support.wait_until import until_async
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def run(worker: Worker, job: dict[str, Any], sink: LogSink) -> None:
    resources = worker.services.resources
    runtime = DirectRuntime(resources, "logged", timeout_s=60, log_sink=sink)
    await run_job(runtime, read_job(parse_job(job), resources.machine))


async def test_a_chain_logs_its_commands_in_the_callers_words(worker: Worker) -> None:
    log = JobLog()
    inputs = {"in_1": "clip.mp4"}
    chain = (
        "-i {{in_1}} -t 1 -metadata comment=hush-hush-canary a.mp4 && -i a.mp4 -headers 'X-Key: canary-2' b.mp4"
    )
    chain = chain.replace(" -headers 'X-Key: canary-2'", "")
    await run(worker, {"action": "process", "inputs": inputs, "data": {"chainCmds": chain}}, log.add)
    first, second = log.text().split("\n\n")
    assert first.startswith("$ ffmpeg -i '{{in_1}}' -t 1 -metadata comment=hush-hush-canary a.mp4\nInput #0")
    assert "from 'in_1'" in first
    assert second.startswith("$ ffmpeg -i a.mp4 b.mp4\nInput #0")
    for text in (first, second):
        assert "Output #0" in text
        assert "[info]" not in text
        assert "_in/" not in text
        assert str(worker.services.settings.scratch_root) not in text
        assert not any(line.startswith(("frame=", "size=")) for line in text.splitlines())


async def test_the_log_of_a_failure_is_complete(worker: Worker) -> None:
    log = JobLog()
    with pytest.raises(EngineFailed):
        await run(worker, {"action": "process", "data": {"chainCmds": "-i clip.mp4 -c:v libx265x a.mp4"}}, log.add)
    assert "Unknown encoder 'libx265x'" in log.text()


async def test_each_process_has_its_log(worker: Worker) -> None:
    log = JobLog()
    processes = [{"chainCmds": f"-i clip.mp4 -vf scale={width}:-2 {width}.mp4"} for width in (64, 32)]
    await run(worker, {"action": "multi_process", "data": {"processes": processes}}, log.add)
    first, second = log.text().split("# process 1\n")
    assert first.startswith("# process 0\n$ ffmpeg -i clip.mp4 -vf scale=64:-2 64.mp4\n")
    assert second.startswith("$ ffmpeg -i clip.mp4 -vf scale=32:-2 32.mp4\n")


async def test_a_running_command_can_be_followed(worker: Worker) -> None:
    chunks: list[LogChunk] = []
    job = {
        "action": "process",
        "data": {"chainCmds": "-re -f lavfi -i testsrc2=s=64x64:d=3600 -c:v libx264 a.mp4"},
    }
    running = asyncio.ensure_future(run(worker, job, chunks.append))
    await until_async(lambda: any("Output #0" in chunk.text for chunk in chunks), within_s=30)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "Exiting normally, received signal 15" in chunks[-1].text


async def test_secrets_of_a_command_are_not_in_its_log(worker: Worker) -> None:
    key = "76a6c65c5ea762046bd749a2e632ccbb"
    encrypt = (
        f"-encryption_scheme cenc-aes-ctr -encryption_key {key} -encryption_kid a7e61c373e219033c21091fa607bf3b8"
    )
    log = JobLog()
    await run(
        worker, {"action": "process", "data": {"chainCmds": f"-i clip.mp4 {encrypt} -c copy e.mp4"}}, log.add
    )
    assert "-encryption_key REDACTED" in log.text()
    assert key not in log.text()


async def test_commands_that_the_worker_makes_are_in_the_log(worker: Worker) -> None:
    log = JobLog()
    await run(worker, {"action": "vmaf", "data": {"input1": "clip.mp4", "input2": "clip.mp4"}}, log.add)
    first = log.text().splitlines()[0]
    assert first.startswith("$ ffmpeg ")
    assert "libvmaf" in first
    assert "-i clip.mp4" in first
    assert "whitelist" not in first
    assert "_in/" not in log.text()
