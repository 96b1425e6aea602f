"""Where outputs of queued jobs go, and what limits them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import JobNotFound
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.sent_job import SentJob
from support.wait_until import until, until_async
from support.worker import Worker, open_worker

COMMAND = "-f lavfi -i testsrc2=size=64x64:rate=5:duration=1 -c:v mpeg4"
OWNERS = ("key-a", "key-b")


async def run(worker: Worker, job: dict[str, Any], owner: str = OWNERS[0]) -> JobRecord:
    """Queue a job, and wait for its end."""
    queue = await worker.services.queue.get()
    body = JobBody(None, json.dumps(job).encode())
    sent, _ = await queue.submit(SentJob(body, (await worker.services.read(body)).job, owner))
    return await queue.wait(sent.job_id, owner, 60)


def process(output: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": f"{COMMAND} {output}"}}


async def test_outputs_of_a_key_and_downloads(tmp_path: Path) -> None:
    settings = {"state_root": tmp_path / "state", "sandbox": "degraded", "api_keys": "a,b"}
    try:
        os.setxattr(tmp_path, "user.test", b"")
    except OSError:
        pytest.skip("the file system of the temporary folder has no extended attributes")
    async with open_worker(tmp_path, **settings, max_data_bytes_per_key=30_000) as worker:
        first = await run(worker, process("a.mkv"))
        assert first.result is not None
        (output,) = first.result["outputs"]
        assert output["path"] == str(tmp_path / "state" / "jobs" / first.job_id / "outputs" / "a.mkv")
        assert first.outputs_place is not None

        size = output["size"]
        limit = worker.services.resources.stores.data_usage
        limit._max_bytes_per_key = 2 * size - 1
        second = await run(worker, process("b.mkv"))
        assert second.error is not None
        assert second.error["code"] == "key_data_full"
        assert (await run(worker, process("c.mkv"), OWNERS[1])).error is None

        shutil.copy(output["path"], tmp_path / "data" / "in.mkv")
        limit._max_bytes_per_key = 1 << 30
        job = {"action": "download", "data": {"input": "in.mkv", "output": "copied.mkv"}}
        downloaded = await run(worker, job)
        assert downloaded.result is not None
        assert downloaded.outputs_place is None
        (copied,) = (tmp_path / "data" / ".keys").glob("*/copied.mkv")
        assert copied.stat().st_size == size


async def test_retention_leaves_nothing_of_a_job(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with open_worker(tmp_path, state_root=state, sandbox="degraded") as worker:
        queue = await worker.services.queue.get()
        record = await run(worker, process("a.mkv"))
        assert find_engine_rows(state, record.run_id)
        # The run ends a moment after the job.
        await asyncio.to_thread(until, lambda: not queue._engine.find_runs([record.run_id])[record.run_id])
        retention = Retention(
            queue.database,
            queue.folders,
            queue._engine.forget,
            job_retention_s=60,
            output_retention_s=60,
            files=[state / "jobs.db", state / "engine.db"],
            clock=lambda: time.time() + 3600,
        )
        await retention.sweep()
        assert find_engine_rows(state, record.run_id) == []
        assert not (state / "jobs" / record.job_id).exists()
        with pytest.raises(JobNotFound):
            await queue.get(record.job_id)
        assert (await run(worker, process("b.mkv"))).error is None


def find_engine_rows(state: Path, run_id: str) -> list[str]:
    """Tables of the engine that know a run."""
    with closing(sqlite3.connect(state / "engine.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        return [
            table
            for table in tables
            if any(run_id in map(str, row) for row in connection.execute(f'SELECT * FROM "{table}"'))
        ]


async def test_a_full_disk_takes_no_outputs(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    settings = {"state_root": tmp_path / "state", "sandbox": "degraded"}
    async with open_worker(tmp_path, **settings, min_free_disk_bytes=2 * free) as worker:
        record = await run(worker, process("a.mkv"))
        assert record.error is not None
        assert record.error["code"] == "disk_full"
        folder = tmp_path / "state" / "jobs" / record.job_id
        await until_async(lambda: not folder.exists())
