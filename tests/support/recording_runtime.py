"""A runtime that records each step as JSON, and stops the job before every further step.

Each attempt starts with nothing in memory but the records, and finds the workspace of the attempt before, as after
a worker was killed between two steps.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.command_log import ignore_log
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lifecycle import ignore_event
from ffmpeg_worker.job.problem import error_from_problem, record_error
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.pipeline.runtime import always
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.read_job import read_job

T = TypeVar("T")


class Interrupted(Exception):
    """The attempt ends here."""


class Records:
    """What outlives an attempt: JSON by the name of the step, and how often each step ran."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}
        self.runs: Counter[str] = Counter()
        self.attempts = 0


class RecordingRuntime:
    """One attempt at a job; it runs one step that has no record, and is interrupted before the next."""

    uploads_early = False
    records_steps = True
    outputs_folder = None
    inputs_folder = None
    answers_files = False
    piece_workers = None
    owner = ANONYMOUS
    platform_job = None
    observer = staticmethod(ignore_event)
    log_sink = staticmethod(ignore_log)

    def __init__(self, resources: WorkerResources, job_id: str, root: Path, records: Records) -> None:
        self.resources = resources
        self.job_id = job_id
        self.deadline = time.monotonic() + 120
        self._root = root
        self._records = records
        self._may_run = True
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def open_workspace(self) -> AsyncIterator[Workspace]:
        """The same directory in every attempt."""
        with self.resources.tools.sandbox.jail(self._root) as jail:
            yield Workspace(self._root, jail)

    async def keeps_outputs(self) -> bool:
        """See `Runtime.keeps_outputs`: every attempt but the last is interrupted."""
        return not self._may_run

    async def step(
        self,
        name: str,
        kind: type[T],
        run: Callable[[], Awaitable[T]],
        *,
        doing: str | None = None,
        is_usable: Callable[[T], bool] = always,
        has_effects: bool = False,
    ) -> T:
        """Answer from the record, or run the step and answer from its new record."""
        if name in self._records.by_name:
            result = self._read(name, kind)
            if is_usable(result):
                return result
        if not self._may_run:
            await self._idle.wait()
            raise Interrupted
        self._may_run = False
        with self._busy():
            await self._record(name, kind, run)
        return self._read(name, kind)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()

    async def _record(self, name: str, kind: type[T], run: Callable[[], Awaitable[T]]) -> None:
        self._records.runs[name] += 1
        try:
            result = await run()
        except WorkerError as error:
            self._records.by_name[name] = json.dumps({"problem": record_error(error)})
        else:
            value = TypeAdapter(kind).dump_python(result, mode="json")
            self._records.by_name[name] = json.dumps({"result": value})

    def _read(self, name: str, kind: type[T]) -> T:
        record: dict[str, Any] = json.loads(self._records.by_name[name])
        if "problem" in record:
            raise error_from_problem(record["problem"])
        return TypeAdapter(kind).validate_json(json.dumps(record["result"]))


async def run_in_attempts(
    resources: WorkerResources,
    job: Job,
    root: Path,
    *,
    after: Callable[[Records], None] = lambda _: None,
) -> tuple[JobResult, Records]:
    """Run a job in as many attempts as it has steps.

    Args:
        resources: of the worker.
        job: the job.
        root: becomes its workspace.
        after: called between two attempts.

    Raises:
        WorkerError: why the job failed.
    """
    records = Records()
    while True:
        records.attempts += 1
        assert records.attempts < 100
        runtime = RecordingRuntime(resources, "job-in-attempts", root, records)
        try:
            return await run_job(runtime, read_job(job, resources.machine)), records
        except Interrupted:
            after(records)
